"""The service's settings, from variables that begin with AUTH_."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mergepoint.kit.config import BaseSettings, SettingsConfigDict

LOCAL = {"localhost", "127.0.0.1", "::1"}


class Settings(BaseSettings):
    """Where things are and who may register; the defaults are for one machine and nobody from outside."""

    model_config = SettingsConfigDict(env_prefix="auth_", frozen=True, extra="ignore")

    public_url: str = "http://localhost:8080"
    state: Path = Field(default_factory=lambda: _state_home() / "mergepoint" / "auth")
    database_url: str = ""
    first_admin: str = ""
    origins: str = ""
    registration: Literal["closed", "open", "invite"] = "closed"
    session_idle: int = Field(7 * 86400, ge=60)
    session_lifetime: int = Field(30 * 86400, ge=60)
    max_bytes: int = Field(65_536, ge=1024, le=1 << 20)

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        return _origin(value)

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        return " ".join(_origin(origin) for origin in value.replace(",", " ").split())

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        try:
            known = not value or make_url(value).drivername in ("sqlite", "postgresql", "postgresql+psycopg")
        except ArgumentError:
            known = False
        if not known:
            raise ValueError("sqlite:////path or postgresql://user@host/database is expected")
        return value.replace("postgresql://", "postgresql+psycopg://")

    @property
    def origin_set(self) -> frozenset[str]:
        return frozenset(self.origins.split())

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state.absolute() / 'auth.db'}"

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https:")


def _origin(value: str) -> str:
    url = urlsplit(value.rstrip("/"))
    local = url.scheme == "http" and url.hostname in LOCAL
    if not (url.hostname and (url.scheme == "https" or local)) or url.path or url.query or url.username:
        raise ValueError("https://host[:port] is expected; plain http for localhost only")
    return value.rstrip("/").lower()


def _state_home() -> Path:
    # XDG Base Directory Specification
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
