"""The service's settings, from variables that begin with AUTH_."""

import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mergepoint.kit.config import BaseSettings, SettingsConfigDict
from mergepoint.kit.listen import origin
from mergepoint.kit.state import folder_for

from .mail import Server

LOCAL = {"localhost", "127.0.0.1", "::1"}


EXPECTED = '{"name": {"issuer": "https://…", "client_id": "…", "client_secret": "…"}} is expected'


class Provider(BaseModel):
    """An OpenID Connect provider that people may log in with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    client_id: str
    client_secret: str


class Settings(BaseSettings):
    """Where things are and who may register; the defaults are for one machine and nobody from outside."""

    model_config = SettingsConfigDict(env_prefix="auth_", frozen=True, extra="ignore")

    public_url: str = Field(default_factory=lambda: origin(os.environ.get("MERGEPOINT_LISTEN") or ":8080"))
    state: Path = Field(default_factory=lambda: folder_for("auth"))
    database_url: str = ""
    first_admin: str = ""
    origins: str = ""
    registration: Literal["closed", "open", "invite"] = "closed"
    oidc: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    thumbnail_key: str = Field("", pattern=r"^([0-9a-fA-F]{2})*$")
    thumbnail_salt: str = Field("", pattern=r"^([0-9a-fA-F]{2})*$")
    session_idle: int = Field(7 * 86400, ge=60)
    session_lifetime: int = Field(30 * 86400, ge=60)
    max_bytes: int = Field(65_536, ge=1024, le=1 << 20)
    workers: int = Field(2, ge=1)  # gunicorn.conf.py starts them
    threads: int = Field(32, ge=1)

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

    @field_validator("oidc")
    @classmethod
    def _are_providers(cls, value: str) -> str:
        _providers(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: str) -> str:
        url = urlsplit(value)
        if value and (url.scheme not in ("smtp", "smtps", "smtp+starttls") or not url.hostname):
            raise ValueError("smtp+starttls://user:password@host:587, smtps://… or smtp://… is expected")
        return value

    @property
    def providers(self) -> dict[str, Provider]:
        return _providers(self.oidc)

    @property
    def smtp(self) -> Server | None:
        """The mail server, if there is one."""
        if not self.smtp_url:
            return None
        url = urlsplit(self.smtp_url)
        tls = {"smtp": "no", "smtps": "yes", "smtp+starttls": "start"}[url.scheme]
        port = url.port or {"no": 25, "yes": 465, "start": 587}[tls]
        sender = self.mail_from or f"mergepoint@{urlsplit(self.public_url).hostname}"
        user, password = unquote(url.username or ""), unquote(url.password or "")
        return Server(url.hostname or "", port, tls, user, password, sender)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state.absolute() / 'auth.db'}"

    @property
    def thumbnail(self) -> tuple[bytes, bytes]:
        """Key and salt of the links that thumbnail takes."""
        return bytes.fromhex(self.thumbnail_key), bytes.fromhex(self.thumbnail_salt)

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https:")


def _providers(value: str) -> dict[str, Provider]:
    if not value:
        return {}
    try:
        found = TypeAdapter(dict[str, Provider]).validate_json(value)
    except ValidationError as error:
        [first, *_] = error.errors()
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}; {EXPECTED}") from None
    for name, provider in found.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
            raise ValueError(f"{name[:40]!r} is no name for a provider; {EXPECTED}")
        issuer = urlsplit(provider.issuer)
        if not issuer.hostname or not (issuer.scheme == "https" or issuer.hostname in LOCAL):
            raise ValueError(f"{name}: the issuer is an https address; {EXPECTED}")
    return found


def _origin(value: str) -> str:
    url = urlsplit(value.rstrip("/"))
    local = url.scheme == "http" and url.hostname in LOCAL
    if not (url.hostname and (url.scheme == "https" or local)) or url.path or url.query or url.username:
        raise ValueError("https://host[:port] is expected; plain http for localhost only")
    return value.rstrip("/").lower()
