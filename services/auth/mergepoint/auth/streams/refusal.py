"""The answer when no slot is free for a stream: a problem of the same shape as nginx's and the services' (RFC 9457)."""

import json

from .stream_slots import NoFreeSlot

RETRY_AFTER = 5  # seconds


def refusal(error: NoFreeSlot, request_id: str) -> bytes:
    """Return the whole answer, head and body."""
    status, title, code, detail = (
        (429, "Too Many Requests", "rate_limited", "your network has too many streams open; close one, then try again")
        if error.of_network
        else (503, "Service Unavailable", "overloaded", "too many streams are open; try again later")
    )
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    body = json.dumps(problem | {"request_id": request_id}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nRetry-After: {RETRY_AFTER}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
