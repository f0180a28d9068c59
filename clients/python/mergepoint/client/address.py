"""Where the server is, and the key it asks for; both checked, since they end up in the head of a request."""

import re
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

URL = re.compile(r"https?://(\w[\w.-]*|\[[\da-f:.]+\])(:\d+)?(/[!-~]*)?", re.ASCII | re.IGNORECASE)
KEY = re.compile(r"[!-~]+")


def checked_url(url: str) -> str:
    """Return *url* without a final slash. The message does not repeat it: it may hold a password."""
    if not URL.fullmatch(url) or set(url) & set("?#\\") or urlsplit(url).port == 0:
        raise ValueError("base_url must be like https://example.com:8080/prefix, without user and query")
    return url.rstrip("/")


class Bearer(AuthBase):
    """An API key that shows itself to the server only."""

    def __init__(self, key: str) -> None:
        if not KEY.fullmatch(key):
            raise ValueError("api_key must be visible ASCII characters, without spaces and line ends")
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def hide(self, body: bytes | bytearray) -> bytes:
        """Return *body* without the key: a server may quote it in an error, which ends up in a log."""
        return bytes(body).replace(self._key.encode(), b"***")
