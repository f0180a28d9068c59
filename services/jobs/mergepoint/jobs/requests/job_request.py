"""A request to perform later, checked, and its fingerprint: what makes two requests the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import Invalid
from .terms import ATTEMPTS, DEADLINE

METHODS = ("GET", "HEAD", "POST", "QUERY", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Owner:
    """Who asks: a user, or an anonymous *network*. *id* is the user's; what is written is ``key``."""

    user: str | None
    name: str
    network: str

    @property
    def key(self) -> str:
        return f"user:{self.user}" if self.user is not None else f"net:{self.network}"


@dataclass(frozen=True)
class JobRequest:
    """*target*: path and query as they were sent. *at*: seconds since 1970. *idempotency_key*: its hash.

    *grant*: auth's permission, which only auth reads. *host*, *scheme* and *address* (the client's) say how the request
    had come: an application is told the same of it later.
    """

    service: str
    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    at: float | None = None
    deadline: float = DEADLINE
    attempts: int = ATTEMPTS
    callback: str | None = None
    idempotency_key: str | None = None
    request_id: str = ""
    grant: str | None = None
    host: str = ""
    scheme: str = ""
    address: str = ""

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of method, target, headers and body, each with its length, so that none can spell another."""
        whole = hashlib.sha256()
        for part in (self.method, self.target, json.dumps(dict(self.headers), sort_keys=True)):
            whole.update(f"{len(part.encode())}:{part}".encode())
        whole.update(self.body)
        return whole.hexdigest()


def check_method(value: str) -> str:
    """Return *value* if a job may have that method."""
    if value not in METHODS:
        raise Invalid("method", f"{', '.join(METHODS)} are expected")
    return value
