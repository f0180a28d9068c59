"""What the clients share: the server's address, and the calls and their answers, which nobody has sent yet."""

from collections.abc import Callable
from typing import Any

from .address import Bearer, check_url
from .answers import Answers
from .auth import AuthCalls
from .calls import Calls
from .job_calls import JobCalls
from .links import LinkSigner, link


class BaseClient:
    """A client that cannot send: `Client` and `AsyncClient` do."""

    def __init__(
        self, base_url: str, api_key: str | None, url_key: str | None, url_salt: str, now: Callable[[], float]
    ) -> None:
        self._address = check_url(base_url)
        self._bearer = None if api_key is None else Bearer(api_key)
        self._signer = None if url_key is None else LinkSigner(url_key, url_salt)
        self._answers = Answers(self._address, now)
        self._calls = Calls(self._address, self._answers)
        self._auth_calls, self._job_calls = AuthCalls(self._answers), JobCalls(self._answers)

    def thumbnail_url(self, source: str, width: int | None = None, height: int | None = None, **options: Any) -> str:
        """Return the URL of *source*, a picture elsewhere, made small. It is signed here; the server is not asked.

        The options are those of `thumbnail`, and imgproxy's by their long names.
        """
        given = {"width": width, "height": height, **options}
        return self._address + link(source, given, self._signer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address!r})"
