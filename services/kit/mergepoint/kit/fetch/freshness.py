"""How long an answer of somebody else may be kept, from its headers (RFC 9111, 4.2), for caches that are shared."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

NEVER = ("no-store", "no-cache", "private")


def freshness(headers: Mapping[str, str], *, default: int, most: int) -> int:
    """Return for how many seconds more the answer with *headers* (names in lower case) is fresh; 0: do not keep it.

    *default* is for an answer that says nothing, *most* for one that says more.
    """
    control = _directives(headers.get("cache-control", ""))
    if any(name in control for name in NEVER):
        return 0
    given = control.get("s-maxage") or control.get("max-age")
    if given:
        age = headers.get("age", "0")
        return max(0, min(int(given) - (int(age[:10]) if age.isdecimal() else 0), most))
    if "expires" in headers:
        return max(0, min(_until(headers["expires"], headers.get("date", "")), most))
    return min(default, most)


def _directives(header: str) -> dict[str, str]:
    """What a ``Cache-Control`` says, and how many seconds, if any. A comma in quotes makes one more: the more, the less
    is kept. Without a regular expression: the header is as long as its sender likes.
    """
    parts = (part.partition("=") for part in header.split(","))
    pairs = ((name.strip().lower(), value.strip().strip('"')) for name, _, value in parts)
    return {name: value[:10] if value.isascii() and value.isdecimal() else "" for name, value in pairs}


def _until(expires: str, date: str) -> int:
    try:
        return int((parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0  # an invalid date, as 0 is, means: expired already (RFC 9111, 5.3)
