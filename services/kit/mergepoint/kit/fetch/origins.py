"""Which remote sources an operator allows: a list of origins, and whether a URL is of one of them.

An entry is an origin: ``https://example.com``, ``https://*.example.com`` (its subdomains), ``http://example.com:8000``,
``*`` (any host, http and https on their own ports). All mean public addresses only. An origin in a network of one's own
names that too: ``http://minio:9000=10.0.0.0/8``; an address says it by itself: ``http://10.1.2.3:9000``.
"""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from .addresses import Address, Network, is_public

PORTS = {"http": 80, "https": 443}
NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII)
LONGEST_URL = 8192


class NotAUrl(ValueError):
    """It cannot be read as an http or https URL, or only in ways that others would read differently."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads: *host* in lower case, without brackets and final dot; *path* with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")


@dataclass(frozen=True)
class Origin:
    """One entry of the list. *networks* may be reached beside public addresses."""

    scheme: str | None
    host: str
    port: int | None
    networks: tuple[Network, ...] = ()

    def covers(self, target: Target) -> bool:
        if self.scheme is None:
            return target.port == PORTS[target.scheme]
        if (self.scheme, self.port) != (target.scheme, target.port):
            return False
        suffix = self.host.removeprefix("*")
        return target.host.endswith(suffix) if suffix != self.host else target.host == self.host

    def allows(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self.networks)


def parse_url(url: str) -> Target:
    """Return where *url* leads. Only what every parser reads alike is taken: RFC 3986, in ASCII, without a user."""
    if len(url) > LONGEST_URL or not re.fullmatch(r"[!-~]+", url) or set(url) & set('\\<>"^`{|}'):
        raise NotAUrl("not a URL in ASCII; percent-encode what is not")
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme, parts.port
        host = (parts.hostname or "").removesuffix(".")
    except ValueError as error:
        raise NotAUrl(f"not a URL: {error}") from None
    if scheme not in PORTS:
        raise NotAUrl("http:// or https:// is expected")
    if "@" in parts.netloc:
        raise NotAUrl("a URL with a user or password is not taken")
    if not (_is_ip6(host) if parts.netloc.startswith("[") else NAME.fullmatch(host) and len(host) <= 253):
        raise NotAUrl("the host is not a name or address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host, PORTS[scheme] if port is None else port, path)


def parse_origins(entries: str | Iterable[str]) -> tuple[Origin, ...]:
    """Return the list of *entries* (in a string: between spaces or commas), or raise ValueError naming a bad one."""
    words = re.split(r"[\s,]+", entries.strip()) if isinstance(entries, str) else entries
    return tuple(_parse_origin(word) for word in words if word)


def find(origins: Iterable[Origin], target: Target) -> tuple[Origin, ...]:
    """Return the entries that cover *target*; none: it is not allowed."""
    return tuple(origin for origin in origins if origin.covers(target))


def _parse_origin(entry: str) -> Origin:
    if entry == "*":
        return Origin(None, "*", None)
    url, _, network = entry.partition("=")
    try:
        target = parse_url(url.replace("://*.", "://any.", 1))
        networks: tuple[Network, ...] = (ip_network(network),) if network else ()
    except ValueError as error:
        raise ValueError(f"{entry!r}: {error}") from None
    if target.path != "/":
        raise ValueError(f"{entry!r}: an origin has no path")
    host = "*" + target.host.removeprefix("any") if "://*." in url else target.host
    with contextlib.suppress(ValueError):  # it is a name
        networks += (ip_network(ip_address(host)),)
    return Origin(target.scheme, host, target.port, networks)


def _is_ip6(host: str) -> bool:
    try:
        return ip_address(host).version == 6 and "%" not in host  # a zone is of this machine only
    except ValueError:
        return False
