"""The service's settings, from variables that begin with JOBS_."""

import os
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict
from mergepoint.kit.database.address import check_address
from mergepoint.kit.fetch.origins import parse_origins
from mergepoint.kit.state import check_folder, folder_for

from .queue.acceptance import Limits

SOCKET = re.compile(r"/[^\x00\s]{1,100}")
HOST = re.compile(r"[A-Za-z0-9._-]+:\d{1,5}")
KEYS = re.compile(r"https?://[!-~]+|unix:/[!-~]{1,100}")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
CONCURRENCY = re.compile(r"(?:([a-z][a-z0-9_-]*)=)?([1-9]\d{0,2})")


class Settings(ServiceSettings):
    """Where things are, who may ask, how much at a time. The worker reads the same."""

    model_config = SettingsConfigDict(env_prefix="jobs_")
    several_lines = frozenset({"callbacks", "concurrency", "services"})
    companion = "mergepoint.jobs.start:waiting"

    workers: int = Field(1, ge=1, le=256)  # one accepts 300 jobs/s, and threads wait for the disk together
    state: Path = Field(default_factory=lambda: folder_for("jobs"))
    database_url: str = Field("", repr=False)
    services: str = "highlight htmldiff thumbnail"
    anonymous: bool = True
    keep: int = Field(86_400, ge=1, le=366 * 86_400)
    max_bytes: int = Field(10 << 20, ge=1024, le=100 << 20)
    max_result_bytes: int = Field(32 << 20, ge=1024, le=256 << 20)
    concurrency: str = ""
    callbacks: str = ""
    slots: int = Field(16, ge=1, le=256)
    door: str = ""
    identity_keys: str = ""
    waiting: str = ""
    limits: Literal["on", "off"] = Field(
        default_factory=lambda: "off" if os.environ.get("MERGEPOINT_LIMITS") == "off" else "on"
    )

    @field_validator("state", mode="before")
    @classmethod
    def _is_a_folder(cls, value: str | Path) -> str | Path:
        return check_folder(value)

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        return check_address(value)

    @field_validator("services")
    @classmethod
    def _are_names(cls, value: str) -> str:
        names = value.replace(",", " ").split()
        if not all(NAME.fullmatch(name) for name in names):
            raise ValueError("names of services such as highlight, with spaces between, are expected")
        return " ".join(names)

    @field_validator("concurrency")
    @classmethod
    def _are_numbers(cls, value: str) -> str:
        found = [CONCURRENCY.fullmatch(word) for word in value.replace(",", " ").split()]
        names = [match and match[1] for match in found]
        if not all(found) or len(set(names)) < len(names):
            raise ValueError("a number from 1 to 999 is expected, or such as `2 thumbnail=4 wiki=8`, each once")
        return value

    @field_validator("callbacks")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        try:
            parse_origins(value)
        except ValueError as error:
            raise ValueError(f"origins such as https://example.com are expected; {error}") from None
        return value

    @field_validator("door")
    @classmethod
    def _is_a_door(cls, value: str) -> str:
        if value and not SOCKET.fullmatch(value) and not HOST.fullmatch(value):
            raise ValueError("the path of nginx's Unix socket, or host:port, is expected")
        return value

    @field_validator("identity_keys")
    @classmethod
    def _is_where_keys_are(cls, value: str) -> str:
        if value and not KEYS.fullmatch(value):
            raise ValueError("http://host/auth/jwks.json, or unix:/path of auth's socket, is expected")
        return value

    @field_validator("waiting")
    @classmethod
    def _is_an_absolute_path(cls, value: str) -> str:
        if value and not SOCKET.fullmatch(value):
            raise ValueError("the path of a folder is expected, from / on, of at most 100 characters (for sockets)")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state.absolute() / 'jobs.db'}"

    def concurrency_of(self, service: str) -> int:
        """Return how many jobs of *service* may run at a time; by default as many as of its children (kit.sandbox)."""
        found = (CONCURRENCY.fullmatch(word) for word in self.concurrency.replace(",", " ").split())
        numbers = {match[1]: int(match[2]) for match in found if match}
        return numbers.get(service) or numbers.get(None) or max(os.cpu_count() or 1, 2)

    @property
    def service_names(self) -> frozenset[str]:
        return frozenset(self.services.split())

    @property
    def owner_limits(self) -> Limits | None:
        return Limits() if self.limits == "on" else None
