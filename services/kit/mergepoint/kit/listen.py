"""Reads MERGEPOINT_LISTEN: the host and port where nginx listens, and their origin in a browser on this machine."""

LOCAL = frozenset({"", "*", "0.0.0.0", "::", "127.0.0.1", "::1", "localhost"})


def split(listen: str) -> tuple[str, str]:
    """Return host and port of *listen*, an IPv6 address without its brackets; neither is checked.

    A port alone is for this machine only.
    """
    host, colon, port = listen.rpartition(":")
    return (host.strip("[]") if colon else "127.0.0.1"), port


def origin(listen: str) -> str:
    """Return the origin of a suite that listens at *listen*: http on this machine, https elsewhere (TLS ends in front).

    A browser leaves out the port that a scheme has anyway.
    """
    host, port = split(listen)
    if host not in LOCAL:
        return f"https://[{host}]" if ":" in host else f"https://{host}"
    return "http://localhost" if port == "80" else f"http://localhost:{port}"
