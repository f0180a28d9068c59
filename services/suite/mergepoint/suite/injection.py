"""Common information for WSGI applications, in ``environ["mergepoint"]``: made when it is asked for, closed at the end.

It knows no framework and no service.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .answers import close, head_of

Provider = Callable[[WSGIEnvironment], Any]


class _Key(str):
    """The name of our place in the environ, which says that it has a dot.

    PEP 3333 leaves other names than CGI's to servers and applications, but ``wsgiref.validate`` takes each without a
    dot for a variable of CGI, which must be a string. It equals the plain name, and is found by that.
    """

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return part == "." or (isinstance(part, str) and str.__contains__(self, part))


KEY = _Key("mergepoint")


def inject(app: WSGIApplication, /, **providers: Provider) -> WSGIApplication:
    """Return *app* with ``environ["mergepoint"]``, a mapping of the names of *providers* to what they give.

    A provider takes the environ and returns a value or a context manager. It runs when its name is looked up for the
    first time, once in a request, and never if that does not happen. What was entered is left in reverse order after
    the body of the answer is closed, with the exception that the application raised, if it did. A provider's own
    exception is raised where the name was looked up. Names of an ``inject`` further out can be looked up too. An
    answer to HEAD has no body, whatever the application gives.

    Raise TypeError for a provider that cannot be called.
    """
    for name, provider in providers.items():
        if not callable(provider):
            raise TypeError(f"{name}: a function of the environ is expected, not {type(provider).__name__}")

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ = dict(environ)
        values = Values(providers, environ, environ.pop(KEY, None))
        environ[KEY] = values
        try:
            if environ["REQUEST_METHOD"] == "HEAD":
                body: Iterable[bytes] = head_of(app, environ, start_response)
            else:
                body = app(environ, start_response)
            if type(body) in (list, tuple) and not values.entered:
                values.end()  # nothing is left to run that could look up a name
                return body
            return _Body(body, values)
        except BaseException as error:
            values.end(error)
            raise

    return application


class Values(Mapping[str, Any]):
    """What the *providers* of one request give, by name. To see which names there are runs none of them."""

    def __init__(
        self, providers: Mapping[str, Provider], environ: WSGIEnvironment, outer: Mapping[str, Any] | None
    ) -> None:
        self._providers = providers
        self._environ: WSGIEnvironment | None = environ
        self._outer: Mapping[str, Any] = outer if outer is not None else {}
        self._made: dict[str, Any] = {}
        self._failed: dict[str, BaseException] = {}
        self._making: set[str] = set()
        self._stack: ExitStack | None = None
        self._lock = threading.RLock()  # an application may have threads of its own

    def __getitem__(self, name: str) -> Any:
        if self._environ is None:
            raise RuntimeError(f"the request is over: {name!r} is closed")
        if name in self._made:
            return self._made[name]
        if name not in self._providers:
            return self._outer[name]
        with self._lock:
            return self._made[name] if name in self._made else self._make(name)

    def __contains__(self, name: object) -> bool:
        return name in self._providers or name in self._outer

    def __iter__(self) -> Iterator[str]:
        yield from self._providers
        yield from (name for name in self._outer if name not in self._providers)

    def __len__(self) -> int:
        return len(self._providers.keys() | self._outer.keys())

    def __repr__(self) -> str:
        return f"<mergepoint: {', '.join(self)}>"

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of *name*, or *default* if there is none; a provider's KeyError is no lack of it."""
        return self[name] if name in self else default  # noqa: SIM401  # this is what it would call

    @property
    def entered(self) -> bool:
        """Whether a provider has run."""
        return bool(self._made or self._failed)

    def end(self, error: BaseException | None = None) -> None:
        """Leave what was entered, the last first; each is left, whatever another one raises. Do it once.

        An *error* of the application's is passed on to all, and stays the one that is raised.
        """
        with self._lock:
            stack, self._stack, self._environ = self._stack, None, None
        if stack is None:
            return
        if error is None:
            stack.close()
            return
        try:
            stack.__exit__(type(error), error, error.__traceback__)
        except BaseException as another:
            if another is not error:
                error.add_note(f"after that, closing failed too: {another!r}")

    def _make(self, name: str) -> Any:
        if name in self._failed:
            raise self._failed[name]
        if name in self._making:
            raise RuntimeError(f"the provider of {name!r} looks itself up")
        assert self._environ is not None
        self._making.add(name)
        try:
            value = self._providers[name](self._environ)
            if hasattr(type(value), "__enter__") and hasattr(type(value), "__exit__"):
                if self._stack is None:
                    self._stack = ExitStack()
                value = self._stack.enter_context(value)
        except BaseException as error:
            self._failed[name] = error
            raise
        finally:
            self._making.discard(name)
        self._made[name] = value
        return value


class _Body:
    """The *body* of an answer; when it has been closed, the *values* of the request are."""

    def __init__(self, body: Iterable[bytes], values: Values) -> None:
        self._body: Iterable[bytes] | None = body
        self._values = values
        self._error: BaseException | None = None
        self._pieces = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise

    def close(self) -> None:
        """Close the body, then the values; once."""
        if self._body is None:
            return
        body, self._body = self._body, None
        try:
            close(body)
        except BaseException as error:
            self._error = self._error or error
            raise
        finally:
            self._values.end(self._error)

    # Werkzeug does not close what a view returns if the request is HEAD; a server may forget it too.
    __del__ = close
