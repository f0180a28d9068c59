"""Parses a line of a log, JSON or plain text, into an object with the fields of structlog and nginx's access log."""

import json
import re
from datetime import UTC, datetime
from typing import Any

# https://nginx.org/en/docs/ngx_core_module.html#error_log
NGINX_ERROR = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) \[(\w+)\] (?:\d+#\d+: )?(.*)", re.DOTALL)
NGINX_LEVELS = {"warn": "warning", "error": "error", "crit": "critical", "alert": "critical", "emerg": "critical"}


def entry(service: str, line: bytes) -> dict[str, Any]:
    """Return *line* of *service* as an object; plain text becomes its event."""
    if line.startswith(b"{"):
        try:
            return {"service": service, **json.loads(line)}
        except ValueError:
            pass
    text = line.decode(errors="replace")
    if found := NGINX_ERROR.fullmatch(text):
        *_, level, text = found.groups()
        return {**plain_entry(service, text), "level": NGINX_LEVELS.get(level, "info")}
    return plain_entry(service, text)  # without a level, since plain text does not tell whether it is usual


def is_object(chunk: bytes) -> bool:
    """Return whether every line of *chunk* looks like an object already."""
    return chunk.startswith(b"{") and chunk.count(b"\n{") == chunk.count(b"\n") - 1


def now() -> str:
    """Return the time in structlog's format (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def plain_entry(service: str, event: str) -> dict[str, Any]:
    """Return an entry of *service* with *event* and the time, without a level."""
    return {"event": event, "timestamp": now(), "service": service}
