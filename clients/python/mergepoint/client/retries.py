"""When to try again. Only calls that change nothing are repeated; a repetition without a pause might do harm."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import count

from .connections import Deadline
from .errors import ConnectionFailed
from .server import Answer

RETRIED_STATUSES = (429, 503)
JOB = "Mergepoint-Job"  # an answer with this header is the result of a job, and stays as it is
FIRST_PAUSE = 0.1  # seconds
DOUBLINGS = 5  # of the pause, which is therefore at most 3.2 s, beside Retry-After


@dataclass(frozen=True)
class Retries:
    """At most *most* more tries of a call. *now* is seconds since 1970."""

    most: int
    random: Callable[[], float]
    now: Callable[[], float]

    def pause(self, tried: int, result: Answer | ConnectionFailed, remaining: float) -> float | None:
        """Return the seconds until the next try, if *result*, after *tried* retries, needs one and there is time."""
        asked = 0.0
        if not isinstance(result, ConnectionFailed):
            if result.status not in RETRIED_STATUSES or JOB in result.headers:
                return None
            asked = seconds_asked(result.headers.get("Retry-After"), self.now()) or 0.0
        # Full jitter: clients that failed at the same time must return at different times, even after Retry-After.
        pause = asked + self.random() * FIRST_PAUSE * 2 ** min(tried, DOUBLINGS)
        return None if tried >= self.most or pause >= remaining else pause


def persist(
    attempt: Callable[[], Answer], deadline: Deadline, retries: Retries, *, sleep: Callable[[float], None]
) -> Answer:
    """Return the first answer that needs no retry, or the last one before the retries or the time are used up.

    Raise ConnectionFailed if the last attempt did.
    """
    for tried in count():
        result: Answer | ConnectionFailed
        try:
            result = attempt()
        except ConnectionFailed as error:
            result = error
        if (pause := retries.pause(tried, result, deadline.remaining())) is None:
            break
        sleep(pause)
    return unless_failed(result)


def unless_failed(result: Answer | ConnectionFailed) -> Answer:
    """Return the answer, or raise what came instead."""
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
        return None  # as if there were none
