"""The service's settings, from variables that begin with AUTH_."""

import os
import re
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict
from mergepoint.kit.database.address import check_address
from mergepoint.kit.fetch.origins import NotAUrl, parse_url
from mergepoint.kit.listen import origin
from mergepoint.kit.state import check_folder, folder_for

from .accounts import names
from .errors import Invalid
from .mail import Server

LOCAL = {"localhost", "127.0.0.1", "::1"}
PORTS = range(1, 65_536)
STREAMS = re.compile(r"/[^\x00]{1,79}")
TEN_YEARS = 10 * 365 * 86_400  # seconds
HEXADECIMAL = "hexadecimal digits, two for each byte, are expected"

WRONG = {"json_invalid": "it is not JSON", "missing": "is missing", "extra_forbidden": "is not known"}
EXPECTED = '{"name": {"issuer": "https://…", "client_id": "…", "client_secret": "…"}} is expected'


class Provider(BaseModel):
    """An OpenID Connect provider that people may log in with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    client_id: str
    client_secret: str


class Settings(ServiceSettings):
    """The settings; by default for one machine, with registration closed."""

    model_config = SettingsConfigDict(env_prefix="auth_")
    several_lines = frozenset({"origins", "oidc"})
    companion = "mergepoint.auth.start:streams"

    public_url: str = Field(default_factory=lambda: origin(os.environ.get("MERGEPOINT_LISTEN") or ":8080"))
    state: Path = Field(default_factory=lambda: folder_for("auth"))
    database_url: str = Field("", repr=False)
    first_admin: str = ""
    origins: str = ""
    registration: Literal["closed", "open", "invite"] = "closed"
    oidc: str = Field("", repr=False)
    smtp_url: str = Field("", repr=False)
    mail_from: str = ""
    thumbnail_key: str = Field("", repr=False, pattern=r"^([0-9a-fA-F]{2})*$", description=HEXADECIMAL)
    thumbnail_salt: str = Field("", repr=False, pattern=r"^([0-9a-fA-F]{2})*$", description=HEXADECIMAL)
    session_idle: int = Field(7 * 86400, ge=60, le=TEN_YEARS)
    session_lifetime: int = Field(30 * 86400, ge=60, le=TEN_YEARS)
    streams: str = ""
    max_bytes: int = Field(65_536, ge=1024, le=1 << 20)

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        return _origin(value)

    @field_validator("state", mode="before")
    @classmethod
    def _is_a_folder(cls, value: str | Path) -> str | Path:
        return check_folder(value)

    @field_validator("streams")
    @classmethod
    def _is_an_absolute_path(cls, value: str) -> str:
        if value and not STREAMS.fullmatch(value):
            raise ValueError("the path of a folder is expected, from / on, of at most 80 characters (for sockets)")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        return check_address(value)

    @field_validator("first_admin")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        try:
            return names.name(value) if value else ""
        except Invalid as error:
            raise ValueError(f"a user's name is expected: {error}") from None

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        return " ".join(_origin(origin) for origin in value.replace(",", " ").split())

    @field_validator("oidc")
    @classmethod
    def _are_providers(cls, value: str) -> str:
        _providers(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: str) -> str:
        if value and not _is_mail_server(value):
            raise ValueError("smtp+starttls://user:password@host:587, smtps://… or smtp://… is expected")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if value:
            names.email(parseaddr(value)[1])
        return value

    @field_validator("thumbnail_salt")
    @classmethod
    def _belongs_to_the_key(cls, value: str, info: ValidationInfo) -> str:
        if "thumbnail_key" in info.data and bool(value) != bool(info.data["thumbnail_key"]):
            raise ValueError("AUTH_THUMBNAIL_KEY and its salt are expected together, or neither")
        return value

    @property
    def origin_set(self) -> frozenset[str]:
        return frozenset(self.origins.split())

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


def _is_mail_server(value: str) -> bool:
    try:
        url = urlsplit(value)
        return url.scheme in ("smtp", "smtps", "smtp+starttls") and bool(url.hostname) and (url.port or 25) in PORTS
    except ValueError:
        return False


def _providers(value: str) -> dict[str, Provider]:
    if not value:
        return {}
    try:
        found = TypeAdapter(dict[str, Provider]).validate_json(value)
    except ValidationError as error:
        [first, *_] = error.errors(include_input=False)
        wrong = WRONG.get(first["type"], "is not what it should be")
        raise ValueError(f"{'.'.join(map(str, first['loc']))} {wrong}; {EXPECTED}".strip()) from None
    for name, provider in found.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
            raise ValueError(f"{name[:40]!r} is no name for a provider; {EXPECTED}")
        if not _is_issuer(provider.issuer):
            raise ValueError(f"{name}: the issuer is an https address; {EXPECTED}")
    return found


def _is_issuer(value: str) -> bool:
    try:
        target = parse_url(value)
    except NotAUrl:
        return False
    return target.scheme == "https" or target.host in LOCAL


def _origin(value: str) -> str:
    """Return *value* in the form that browsers send as ``Origin`` (RFC 6454, 6.1), or raise ValueError."""
    try:
        target = parse_url(value)
    except NotAUrl:
        target = None
    is_safe = target and (target.scheme == "https" or target.host in LOCAL)
    if not (target and is_safe) or target.path != "/" or set("?#") & set(value):
        raise ValueError("https://host[:port] is expected; plain http for localhost only")
    return target.origin
