"""Connections to other people's servers: of allowed origins, at addresses that were checked, within a deadline.

The name is resolved once, every address is checked, and the connection goes to a checked one. What is sent over it is
its caller's.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from ipaddress import ip_address

from .addresses import Address
from .origins import Target, find, parse_origins

Resolve = Callable[[str, int], Iterable[Address]]


class Refused(Exception):
    """An origin that is not listed, or an address that it may not have. The text is for the log, and nobody else."""


def resolve(host: str, port: int) -> Iterable[Address]:
    """Return all addresses of *host*, as the system knows them."""
    return _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def resolve_number(host: str, port: int) -> Iterable[Address]:
    """Return the address that *host* itself is, in any spelling; none for a name. Nobody is asked."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, 6.3
        return [ip_address("127.0.0.1")]
    try:
        return _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    except OSError:
        return []


class Connector:
    """Connects to *origins*, the entries of a setting (see origins.py); none: refuses everything.

    Threads may share one. *clock* is that of the deadlines, in seconds.
    """

    def __init__(
        self,
        origins: str | Iterable[str],
        *,
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._origins = parse_origins(origins)
        self._resolve, self.clock, self._make_tls = resolve, clock, tls

    def check(self, target: Target, addresses: Iterable[Address] = ()) -> None:
        """Raise Refused unless *target* is listed and may have all *addresses*."""
        if not (origins := find(self._origins, target)):
            raise Refused(f"{target.origin} is not listed")
        for address in addresses:
            if not any(origin.allows(address) for origin in origins):
                raise Refused(f"{target.origin} {address} is not public")

    def connect(self, target: Target, ends: float) -> socket.socket:
        """Return a connection to a checked address; all are checked, since the name's owner says which comes first.

        Raise Refused, TimeoutError after *ends*, or another OSError.
        """
        self.check(target)
        addresses = self._resolved(target, ends)
        self.check(target, addresses)
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                return self._open(address, target, ends)
            except OSError:
                if not last:
                    raise
        raise OSError("its name has no address")

    def left(self, ends: float) -> float:
        """Return the seconds until *ends*, or raise TimeoutError."""
        left = ends - self.clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _resolved(self, target: Target, ends: float) -> list[Address]:
        """Resolve in a thread of its own: the system's resolver knows no deadline."""
        found: queue.SimpleQueue[list[Address] | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                found.put(list(dict.fromkeys(self._resolve(target.host, target.port))))
            except (OSError, ValueError) as error:
                found.put(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            result = found.get(timeout=self.left(ends))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(result, Exception):
            raise OSError(str(result))
        return result

    def _open(self, address: Address, target: Target, ends: float) -> socket.socket:
        plain = socket.create_connection((str(address), target.port), self.left(ends))
        if target.scheme == "http":
            return plain
        try:
            plain.settimeout(self.left(ends))  # for the whole handshake
            return self._tls.wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._make_tls()  # reads all certificates: once, and not before it is needed


def _addresses(found: Iterable[tuple[object, ...]]) -> list[Address]:
    """Return the addresses of getaddrinfo's answer."""
    return [ip_address(str(address[0]).partition("%")[0]) for *_, address in found]  # type: ignore[index]
