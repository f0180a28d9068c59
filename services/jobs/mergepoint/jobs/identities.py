"""Who asks: the identity that nginx passes on, or, without one, the network of the address.

It knows neither Flask nor asyncio: headers are handed to it.
"""

import contextlib
import http.client
import socket
import urllib.request
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

from mergepoint.kit import identity

from .errors import Forbidden, LoginRequired
from .requests.job_request import Owner

AUDIENCE = "jobs"
NOBODY = "nobody"  # what nginx passes for a caller without a login
UNKNOWN = "unknown"
IPV6_NETWORK = 64  # bits: what a provider gives to one customer
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LARGEST_KEYS = 65_536  # bytes


class Headers(Protocol):
    """The headers of a request, whatever face has them; names are found in any case."""

    def get(self, name: str, default: str, /) -> str: ...


class Identities:
    """Reads owners from headers. *anonymous*: callers without a login may have jobs."""

    def __init__(self, find_key: Callable[[str], bytes | None], *, anonymous: bool = True) -> None:
        self._find_key, self._anonymous = find_key, anonymous

    def asker(self, method: str, headers: Headers) -> Owner:
        """Return who asks. Raise LoginRequired for an identity that is not good, Forbidden for another site's page."""
        network = network_of(headers.get("X-Real-IP", ""))
        token = headers.get(identity.HEADER, "")
        if token in ("", NOBODY):
            return Owner(None, "", network)
        try:
            claims = identity.verify(token, audience=AUDIENCE, find_key=self._find_key)
        except identity.InvalidIdentity as error:
            raise LoginRequired("this identity is not valid, or no longer") from error
        if method not in SAFE_METHODS and "scope" not in claims:  # a session, which browsers send by themselves
            _refuse_other_sites(headers)
        return Owner(str(claims["sub"]), str(claims.get("name", ""))[:256], network)

    def owner(self, method: str, headers: Headers) -> Owner:
        """Return who a new job belongs to; raise LoginRequired where nobody may have one."""
        owner = self.asker(method, headers)
        if owner.user is None and not self._anonymous:
            raise LoginRequired
        return owner


def network_of(address: str) -> str:
    """Return the network that an address stands for: itself, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((found, IPV6_NETWORK), strict=False))
    return str(found)


def fetch_keys(url: str, timeout: float) -> bytes:
    """Return auth's public keys: from an address, or ``unix:`` and the path of its socket."""
    if not url.startswith("unix:"):
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            data: bytes = answer.read(LARGEST_KEYS)
            return data
    connection = http.client.HTTPConnection("mergepoint", timeout=timeout)
    connection.sock = socket.socket(socket.AF_UNIX)
    with contextlib.closing(connection):
        connection.sock.settimeout(timeout)
        connection.sock.connect(url.removeprefix("unix:"))
        connection.request("GET", "/auth/jwks.json")
        return connection.getresponse().read(LARGEST_KEYS)


def _refuse_other_sites(headers: Headers) -> None:
    """Fetch Metadata: a browser says whose page sends this; programs say nothing."""
    if headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise Forbidden("this was sent by another site; send it from a page of this site")
