"""The server's address and the API key, both checked, since they become part of a request's head."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

URL = re.compile(r"https?://(\w[\w.-]*|\[[\da-f:.]+\])(:\d+)?(/[!-~]*)?", re.ASCII | re.IGNORECASE)
KEY = re.compile(r"[!-~]+")


def check_url(url: str) -> str:
    """Return *url* without a final slash. Raises ValueError, which does not quote *url*: it may hold
    a password.
    """
    if not URL.fullmatch(url) or set(url) & set("?#\\") or urlsplit(url).port == 0:
        raise ValueError("base_url must be like https://example.com:8080/prefix, without user and query")
    return url.rstrip("/")


class Bearer(AuthBase):
    """An API key, sent to the server and shown to nobody else."""

    def __init__(self, key: str) -> None:
        if not KEY.fullmatch(key):
            raise ValueError("api_key must be visible ASCII characters, without spaces and line ends")
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self.headers)
        return request

    @property
    def headers(self) -> Mapping[str, str]:
        """The header that tells the server the key."""
        return {"Authorization": f"Bearer {self._key}"}

    def hide(self, body: bytes | bytearray) -> bytes:
        """Return *body* without the key: a server may quote it in an error, which ends up in a log."""
        return bytes(body).replace(self._key.encode(), b"***")
