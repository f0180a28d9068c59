"""Lines for a program: JSON, one object each. What is JSON already passes as it is."""

import json

from . import entries


class Machine:
    """``quiet`` changes nothing: a program is told all."""

    quiet = False

    def lines(self, service: str, chunk: bytes) -> bytes:
        """Return *chunk*, whole lines of *service*."""
        if entries.is_object(chunk):
            return chunk
        return b"".join(_object(service, line) for line in chunk.splitlines() if line.strip())


def _object(service: str, line: bytes) -> bytes:
    return json.dumps(entries.entry(service, line), ensure_ascii=False).encode() + b"\n"
