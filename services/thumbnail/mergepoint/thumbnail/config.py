"""The service's settings, from variables that begin with THUMBNAIL_."""

from pydantic import Field

from mergepoint.kit.config import BaseSettings, SettingsConfigDict

from .spec import Limits


class Settings(BaseSettings):
    """Limits and sizes; the defaults are meant for the open internet."""

    model_config = SettingsConfigDict(env_prefix="thumbnail_", frozen=True, extra="ignore")

    max_bytes: int = Field(10 << 20, ge=1, le=100 << 20)
    max_pixels: int = Field(50_000_000, ge=1, le=500_000_000)
    max_side: int = Field(4096, ge=1, le=65_535)
    max_output_bytes: int = Field(64 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(1536 << 20, ge=128 << 20)
    children: int = Field(2, ge=1, le=64)
    max_age: int = Field(30, ge=0, le=86_400)

    @property
    def limits(self) -> Limits:
        return Limits(pixels=self.max_pixels, side=self.max_side)
