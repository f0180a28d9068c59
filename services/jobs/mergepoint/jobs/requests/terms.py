"""When, how long and how often a request is tried, and the key that makes one job of two calls: read and checked."""

import hashlib
import re
from datetime import UTC, datetime

from ..errors import Invalid

DEADLINE, LONGEST_DEADLINE = 300.0, 3600  # seconds an attempt
ATTEMPTS, MOST_ATTEMPTS = 5, 20
NOT_PAST = 1.0  # seconds that the caller's clock may be behind
FURTHEST = 366 * 86_400.0  # seconds from now
RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)
KEY = re.compile(r"[!-~ ]{1,255}")
SHORTEST_ANONYMOUS_KEY = 22  # characters: 128 random bits in base64url


def time_of(value: str, now: float) -> float:
    """Return seconds since 1970 of *value* (RFC 3339); raise Invalid unless it is in the year that follows *now*."""
    found = RFC3339.fullmatch(value)
    try:
        if not found:
            raise ValueError
        zone = "+00:00" if found[4] in "Zz" else found[4]
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '')[:7]}{zone}").timestamp()
    except (ValueError, OverflowError):
        raise Invalid("at", "a time such as 2030-01-31T12:00:00Z (RFC 3339) is expected") from None
    if at < now - NOT_PAST:
        raise Invalid("at", f"is past; it is {datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ} now")
    if at > now + FURTHEST:
        raise Invalid("at", "is more than a year from now")
    return at


def deadline_of(value: str | float) -> float:
    """Return the seconds that an attempt may take."""
    seconds = _number("deadline", value)
    if not 1 <= seconds <= LONGEST_DEADLINE:
        raise Invalid("deadline", f"a number of seconds from 1 to {LONGEST_DEADLINE} is expected")
    return seconds


def attempts_of(value: str | float) -> int:
    """Return how often the request may be tried."""
    number = _number("attempts", value)
    if not 1 <= number <= MOST_ATTEMPTS or number != int(number):
        raise Invalid("attempts", f"a whole number from 1 to {MOST_ATTEMPTS} is expected")
    return int(number)


def key_of(value: str, *, is_anonymous: bool) -> str:
    """Return the hash of an idempotency key, which may stand in quotes (a string of RFC 8941)."""
    key = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    if not KEY.fullmatch(key):
        raise Invalid("Idempotency-Key", "1 to 255 characters of printable ASCII are expected")
    if is_anonymous and len(key) < SHORTEST_ANONYMOUS_KEY:
        raise Invalid(
            "Idempotency-Key", f"at least {SHORTEST_ANONYMOUS_KEY} characters are expected of callers without a login"
        )
    return hashlib.sha256(key.encode()).hexdigest()


def _number(field: str, value: str | float) -> float:
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else -1.0
    if isinstance(value, bool):
        raise Invalid(field, "a number is expected")
    return float(value) if abs(value) < 1e9 else -1.0
