"""The address that the suite listens on: MERGEPOINT_LISTEN, checked before any program is started."""

import os
import socket
import sys

from mergepoint.kit import listen

DEFAULT = "127.0.0.1:8080"
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def wanted() -> str:
    """Return MERGEPOINT_LISTEN, or the default, as ``host:port``; end the program if it is not an address and port."""
    told = os.environ.get("MERGEPOINT_LISTEN") or DEFAULT
    split_address(told)
    return told if ":" in told else f"{listen.split(told)[0]}:{told}"


def split_address(told: str) -> tuple[str, int]:
    host, port = listen.split(told)
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"MERGEPOINT_LISTEN={told!r}: an address and a port are expected, such as 127.0.0.1:8080")
    return host.replace("*", ""), int(port)


def reachable(told: str) -> tuple[str, int]:
    """Return host and port at which this machine reaches the suite; a name could lead to another program on ::1."""
    host, port = split_address(told)
    return EVERYWHERE.get(host, host), port


def refuse_taken_port(told: str) -> None:
    """End the program, with the reason, if nginx could not listen there."""
    host, port = split_address(told)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            sys.exit(f"port {port} on {host or 'this machine'}: {reason}; MERGEPOINT_LISTEN moves it")
