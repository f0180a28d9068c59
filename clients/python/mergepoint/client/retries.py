"""When to try again. Every call of this client is pure, so trying twice does no harm; at once might."""

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import count

from .connections import Deadline
from .errors import ConnectionFailed
from .wire import Answer

WORTH_A_RETRY = (429, 503)
FIRST_PAUSE = 0.1
DOUBLINGS = 5  # so a pause, Retry-After aside, is at most 3.2 s


def persist(
    attempt: Callable[[], Answer],
    deadline: Deadline,
    *,
    retries: int,
    sleep: Callable[[float], None],
    random: Callable[[], float],
    now: Callable[[], float],
) -> Answer:
    """Return the first answer that is worth keeping, or else the last that there was time for."""
    for tried in count():
        result: Answer | ConnectionFailed
        asked = 0.0
        try:
            result = attempt()
            if result.status not in WORTH_A_RETRY:
                return result
            asked = seconds_asked(result.headers.get("Retry-After"), now()) or 0.0
        except ConnectionFailed as error:
            result = error
        # Full jitter: clients that failed together must not come back together, not even after Retry-After.
        pause = asked + random() * FIRST_PAUSE * 2 ** min(tried, DOUBLINGS)
        if tried >= retries or pause >= deadline.remaining():
            break
        sleep(pause)
    if isinstance(result, ConnectionFailed):
        raise result
    return result


def seconds_asked(retry_after: str | None, now: float) -> float | None:
    """Return the wait that ``Retry-After`` asks for: seconds or a date (RFC 9110, 10.2.3)."""
    try:
        if not retry_after or retry_after.isdecimal():
            return float(retry_after) if retry_after else None
        date = parsedate_to_datetime(retry_after)
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None  # as good as absent
