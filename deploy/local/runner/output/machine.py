"""Lines for a program: JSON, one object each. Lines that are JSON already do not change."""

import json

from . import entries


class Machine:
    """Formats lines as JSON. ``quiet`` has no effect, since a program gets all lines."""

    quiet = False

    def lines(self, service: str, chunk: bytes) -> bytes:
        """Return *chunk*, whole lines of *service*, as JSON lines."""
        if entries.is_object(chunk):
            return chunk
        return b"".join(_object(service, line) for line in chunk.splitlines() if line.strip())


def _object(service: str, line: bytes) -> bytes:
    return json.dumps(entries.entry(service, line), ensure_ascii=False).encode() + b"\n"
