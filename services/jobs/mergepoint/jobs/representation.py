"""A job as JSON, and the headers of its result: for the routes and for those who wait alike."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .queue.job import Job

# Opened in a browser a result runs nothing, whatever the service said: nginx's own policy for pure answers.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def describe(job: Job, ahead: int | None = None) -> dict[str, Any]:
    """Return what its owner sees of a job; times are RFC 3339. *ahead*: how many jobs are before it."""
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
        "result": f"/jobs/{job.id}/result",
        "events": f"/jobs/{job.id}/events",
        "version": job.version,
    }
    return {name: value for name, value in shown.items() if value is not None}


def moment(seconds: float | None) -> str | None:
    """Return a time as RFC 3339 has it, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
