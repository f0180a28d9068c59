"""ETag, 304 and Cache-Control for answers that depend on nothing but the request.

The ETag is made from the request and the versions that determine the answer, so that a revalidation costs no work.
"""

import hashlib

from flask import Request, Response

NO_STORE = "no-store"


def etag(*parts: str | bytes) -> str:
    """Return a strong entity tag (RFC 9110, 8.8.3) for an answer that *parts* determine, the versions among them."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)  # by itself: to join it to its length would copy it
    return digest.hexdigest()[:32]


def fresh_for(seconds: int) -> str:
    """Cache-Control of a pure answer: at most twice *seconds* old anywhere.

    ``stale-while-revalidate`` bounds what nginx's ``proxy_cache_background_update`` may still give out (RFC 5861).
    """
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}"


def listed_for(seconds: int, shared: int) -> str:
    """Cache-Control of a list: *seconds* at the reader, but *shared* in nginx, which outlives an upgrade."""
    return f"public, max-age={seconds}, s-maxage={shared}, stale-while-revalidate={shared}"


IMMUTABLE = "public, max-age=31536000, immutable"  # RFC 8246


def knows(request: Request, tag: str) -> bool:
    """Whether the client has the answer with *tag*. ``*`` does not say which answer it has, so it never counts."""
    tags = request.if_none_match
    return bool(tags) and not tags.star_tag and tags.contains_weak(tag)


def mark(response: Response, tag: str | None, control: str) -> Response:
    """Set the caching headers; without a *tag* the answer has none."""
    if tag:
        response.set_etag(tag)
    response.headers["Cache-Control"] = control
    return response


def not_modified(tag: str, control: str) -> Response:
    return mark(Response(status=304), tag, control)
