"""A job as JSON, and the headers of its result: for the routes and for those who wait alike."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .queue.callbacks import PENDING, Callback
from .queue.job import Job

# Opened in a browser a result runs nothing, whatever the service said: nginx's own policy for pure answers.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def describe(job: Job, callback: Callback | None = None, ahead: int | None = None) -> dict[str, Any]:
    """Return what its owner sees of a job; times are RFC 3339.

    *callback* is that of a finished job, if it has one; *ahead* says how many jobs are before one that waits.
    """
    shown: dict[str, Any] = {
        "id": job.id,
        "state": job.state,
        "service": job.service,
        "method": job.method,
        "path": job.target,
        "created": moment(job.created),
        "at": moment(job.at),
        "started": moment(job.started),
        "finished": moment(job.finished),
        "kept_until": moment(job.keep_until),
        "attempts": job.attempts,
        "attempts_allowed": job.attempts_allowed,
        "deadline": job.deadline,
        "ahead": ahead,
        "progress": job.progress,
        "code": job.code,
        "detail": job.detail,
        "status": job.result_status,
        "size": job.size_result,
        "replay_of": job.replay_of,
        "callback": _callback(job, callback) if job.callback else None,
        "result": f"/jobs/{job.id}/result",
        "events": f"/jobs/{job.id}/events",
        "version": job.version,
    }
    return _without_none(shown)


def _callback(job: Job, callback: Callback | None) -> dict[str, Any]:
    if callback is None:
        return {"url": job.callback, "state": PENDING, "tries": 0}
    next_try = callback.at if callback.state == PENDING and not callback.is_under_way else None
    shown: dict[str, Any] = {
        "url": job.callback,
        "state": callback.state,
        "tries": callback.tries,
        "status": callback.status,
        "code": callback.code,
        "delivered": moment(callback.delivered),
        "next": moment(next_try),
    }
    return _without_none(shown)


def moment(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 has it, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def result_headers(job: Job) -> Mapping[str, str]:
    """Return the headers of a result: the service's about its content, and ours."""
    return {
        **job.result_headers,
        "Content-Length": str(job.size_result or 0),
        "Mergepoint-Job": job.id,
        "Cache-Control": "no-store",
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
    }
