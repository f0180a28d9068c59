"""The settings of the process, from variables that begin with SUITE_; the command line sets them."""

from pydantic import Field, field_validator

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict

from .services import NAMES, check_names


class Settings(ServiceSettings):
    """How the suite runs under gunicorn. A worker would have sandboxes of its own, so there is one."""

    model_config = SettingsConfigDict(env_prefix="suite_")
    several_lines = frozenset({"mount"})

    workers: int = Field(1, ge=1, le=1)
    threads: int = Field(32, ge=1, le=1024)
    only: str = ""
    mount: str = ""
    profile: str = ""
    debug: bool = False

    @field_validator("only")
    @classmethod
    def _are_names(cls, value: str) -> str:
        check_names(value.replace(",", " ").split() or NAMES)
        return value

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.only.replace(",", " ").split()) or NAMES

    @property
    def mounts(self) -> list[tuple[str, str]]:
        """Prefixes and the places of applications, such as ``shop.wsgi:application``."""
        return [(prefix, place) for prefix, _, place in (entry.partition("=") for entry in self.mount.split())]
