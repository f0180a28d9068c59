"""When a failed attempt is followed by another: exponential backoff with full jitter, and what ``Retry-After`` asks."""

import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime

BASE = 1.0  # seconds
CAP = 600.0  # seconds
CALLBACK_BASE, CALLBACK_FACTOR, CALLBACK_CAP = 5.0, 6.0, 3600.0  # seconds; 22 minutes in all
# RFC 9110 and 6585: try again later. Any other answer is final.
RETRIED = frozenset({429, 502, 503, 504})


def delay(attempt: int, retry_after: str | None, now: float, *, random: Callable[[], float] = random.random) -> float:
    """Return the seconds until the attempt after the one with this number (from 1); *now* is seconds since 1970.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/: full jitter spreads callers best.
    """
    backoff: float = random() * min(CAP, BASE * 2 ** min(attempt, 16))
    return float(min(CAP, max(backoff, _seconds(retry_after, now))))


def callback_delay(
    tries: int, retry_after: str | None, now: float, *, random: Callable[[], float] = random.random
) -> float:
    """Return the seconds until a callback is tried again after so many *tries*: 5, 30, 180, 1080, less up to a half.

    A receiver that is started anew, or is down for some minutes, is told after all.
    """
    backoff: float = (1 + random()) / 2 * CALLBACK_BASE * CALLBACK_FACTOR ** (min(tries, 8) - 1)
    return float(min(CALLBACK_CAP, max(backoff, _seconds(retry_after, now))))


def _seconds(retry_after: str | None, now: float) -> float:
    """RFC 9110, 10.2.3: a number of seconds or a date; what is neither is ignored."""
    value = (retry_after or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        return parsedate_to_datetime(value).timestamp() - now if value else 0.0
    except (ValueError, TypeError, OverflowError):
        return 0.0
