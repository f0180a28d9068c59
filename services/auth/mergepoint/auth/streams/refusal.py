"""What is answered when there is no room: a problem, as nginx's and the services' (RFC 9457)."""

import json

from .stream_slots import NoRoom

RETRY_AFTER = 5  # seconds


def refusal(error: NoRoom, request_id: str) -> bytes:
    """Return the whole answer."""
    status, title, code, detail = (
        (429, "Too Many Requests", "rate_limited", "your network has as many streams open as it may; end one of them")
        if error.of_network
        else (503, "Service Unavailable", "overloaded", "there are as many streams as there may be; come back later")
    )
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    body = json.dumps(problem | {"request_id": request_id}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\nRetry-After: {RETRY_AFTER}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
