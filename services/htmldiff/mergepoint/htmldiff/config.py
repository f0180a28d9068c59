"""The service's settings, from variables that begin with HTMLDIFF_."""

from pydantic import Field

from mergepoint.kit.config import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Limits and sizes; the defaults are meant for the open internet."""

    model_config = SettingsConfigDict(env_prefix="htmldiff_", frozen=True, extra="ignore")

    max_bytes: int = Field(8 << 20, ge=1, le=32 << 20)
    max_output_bytes: int = Field(32 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(512 << 20, ge=64 << 20)
    children: int = Field(4, ge=1, le=64)
    max_age: int = Field(30, ge=0, le=86_400)
