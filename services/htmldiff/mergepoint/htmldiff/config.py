"""The service's settings, from variables that begin with HTMLDIFF_."""

from pydantic import Field, field_validator

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict
from mergepoint.kit.fetch.origins import parse_origins

from .sources import Sources


class Settings(ServiceSettings):
    """Limits and sizes, in bytes and seconds; the defaults are safe on the open internet."""

    model_config = SettingsConfigDict(env_prefix="htmldiff_")
    several_lines = frozenset({"sources"})

    max_bytes: int = Field(8 << 20, ge=1, le=32 << 20)
    max_output_bytes: int = Field(32 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(512 << 20, ge=64 << 20, le=1 << 40)
    children: int = Field(4, ge=1, le=64)
    max_age: int = Field(30, ge=0, le=86_400)
    sources: str = ""
    source_timeout: float = Field(3.0, gt=0, le=5)
    source_redirects: int = Field(0, ge=0, le=10)

    @field_validator("sources")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        try:
            parse_origins(value)
        except ValueError as error:
            raise ValueError(f"origins such as https://example.com are expected; {error}") from None
        return value

    def sources_of(self) -> Sources:
        """Return the fetcher of documents by URL."""
        return Sources(self.sources, self.source_timeout, self.source_redirects, self.max_age)
