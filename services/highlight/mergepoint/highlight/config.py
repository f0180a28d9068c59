"""The service's settings, from variables that begin with HIGHLIGHT_."""

from typing import Literal

from pydantic import Field

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict


class Settings(ServiceSettings):
    """Limits and sizes; the defaults are meant for the open internet."""

    model_config = SettingsConfigDict(env_prefix="highlight_")

    engine: Literal["fast", "pygments"] = "fast"
    max_bytes: int = Field(524_288, ge=1, le=8 << 20)
    max_output_bytes: int = Field(16 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(512 << 20, ge=16 << 20, le=1 << 40)
    children: int = Field(4, ge=1, le=64)
    max_age: int = Field(30, ge=0, le=86_400)
