"""Lines for a person at a terminal: time, level, service, event, and all other fields as name=value.

The level of a request is its status.

    12:03:44  info     auth       Booting worker with pid: 4711
    12:03:51  200      nginx      POST   /highlight                        HIT     0.4 ms   1.9 KB
"""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import entries
from .budget import Budget

USUAL = {"debug", "info"}
RED, YELLOW, DIM = 31, 33, 2  # ECMA-48, Select Graphic Rendition
COLORS = {"warning": YELLOW, "error": RED, "critical": RED}
PLACED = {
    "event",
    "level",
    "service",
    "time",
    "timestamp",
    "exception",
    "last_lines",
}  # fields that have a place of their own
REQUEST = {"method", "path", "status"}


class People:
    """Formats lines for a person. While ``quiet``, it hides usual lines; it always hides requests with our own id."""

    def __init__(self, own_requests: str) -> None:
        self.quiet = False
        self._own = own_requests.encode()
        self._colored = "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"
        self._budget = Budget()

    def lines(self, service: str, chunk: bytes) -> bytes:
        """Return *chunk*, whole lines of *service*, as a person reads them."""
        hidden = self._budget.hidden(service)
        found = [line for line in chunk.splitlines() if line.strip() and self._own not in line]
        told = [entries.entry(service, line) for line in found[: self._budget.take(service, len(found))]]
        if hidden:
            told.insert(0, entries.plain_entry(service, f"{hidden:,} more lines are not shown"))
        return "".join(self._line(one) for one in told if not self._is_kept_back(one)).encode(errors="replace")

    def _is_kept_back(self, told: Mapping[str, Any]) -> bool:
        return self.quiet and (told.get("level") in USUAL or told.keys() >= REQUEST)

    def _line(self, told: Mapping[str, Any]) -> str:
        level, color = _level(told)
        head = self._paint(_clock(told), DIM) + "  " + self._paint(f"{level:<7}", color)
        return f"{head}  {clean(told['service']):<9}  {text(told)}\n"

    def _paint(self, part: str, color: int) -> str:
        return f"\33[{color}m{part}\33[0m" if color and self._colored else part


def text(told: Mapping[str, Any]) -> str:
    """Return the event and its fields, without time, level and service."""
    if told.keys() >= REQUEST:
        return _request(told)
    fields = (
        f"{name}={_value(value)}" for name, value in told.items() if name not in PLACED and value not in (None, "")
    )
    said = "  ".join([clean(told.get("event", "")), *fields])
    below = [*str(told.get("exception", "")).splitlines(), *told.get("last_lines", ())]
    return "\n    ".join([said, *map(clean, below)])


def clean(value: object) -> str:
    """Return *value* with control characters escaped, since a path may hold any character and a terminal obeys some."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in str(value))


def _request(told: Mapping[str, Any]) -> str:
    took, size = f"{1000 * float(told.get('seconds', 0)):.0f} ms", f"{told.get('bytes_out', 0) / 1000:.1f} KB"
    asked = f"{clean(told['method']):<7} {clean(told['path']):<30}"
    line = f"{asked}  {clean(told.get('cache') or '-'):<8} {took:>8} {size:>10}"
    return line if int(told["status"]) < 400 else f"{line}  request_id={clean(told.get('request_id', ''))}"


def _level(told: Mapping[str, Any]) -> tuple[str, int]:
    if told.keys() >= REQUEST:
        status = str(told["status"])
        return status, {"4": YELLOW, "5": RED}.get(status[:1], 0)
    level = clean(told.get("level", ""))
    return level, COLORS.get(level, 0)


def _clock(told: Mapping[str, Any]) -> str:
    """Return the local time of day."""
    try:
        return datetime.fromisoformat(told.get("timestamp") or told["time"]).astimezone().strftime("%H:%M:%S")
    except (KeyError, TypeError, ValueError):
        return " " * 8


def _value(value: object) -> str:
    said = clean(value)
    return said if said and " " not in said else f'"{said}"'
