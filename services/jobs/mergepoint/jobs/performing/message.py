"""A callback as a message of Standard Webhooks: its body, its headers, its signatures (``v1``).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping

from ..queue.callback_secrets import PREFIX
from ..queue.job import Job
from ..representation import moment


def body_of(job: Job) -> bytes:
    """Return what is told of a finished job: how it ended and where its result is, and nothing of what is in that."""
    data = {
        "id": job.id,
        "state": job.state,
        "service": job.service,
        "status": job.result_status,
        "code": job.code,
        "attempts": job.attempts,
        "replay_of": job.replay_of,
        "links": {"job": f"/jobs/{job.id}", "result": f"/jobs/{job.id}/result"},
    }
    told = {name: value for name, value in data.items() if value is not None}
    message = {"type": f"job.{job.state}", "timestamp": moment(job.finished), "data": told}
    return json.dumps(message, separators=(",", ":")).encode()


def headers_of(id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> Mapping[str, str]:
    """Return the headers of a message that is sent at *timestamp*, in seconds since 1970, signed with all *secrets*."""
    signatures = (signature(id, timestamp, body, secret) for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def signature(id: str, timestamp: int, body: bytes, secret: str) -> str:
    """Return the signature of a message: version 1, HMAC-SHA256."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, b".".join((id.encode(), str(timestamp).encode(), body)), hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
