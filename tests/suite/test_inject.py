"""Common information in the environ: made at the first access, once, and closed at the end, whatever happens."""

import contextlib
import gc
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from werkzeug.test import create_environ

from mergepoint.suite import inject

Log = list[str]


@pytest.fixture
def log() -> Log:
    return []


def resource(log: Log, name: str) -> Callable[[WSGIEnvironment], Any]:
    """Return a provider whose use is logged."""

    @contextlib.contextmanager
    def provide(environ: WSGIEnvironment) -> Iterator[str]:
        log.append(f"open {name}")
        try:
            yield f"{name} of {environ['PATH_INFO']}"
        except BaseException as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    return provide


class Body:
    """A body whose end is logged."""

    def __init__(self, log: Log, pieces: Iterable[bytes]) -> None:
        self._log, self._pieces = log, iter(pieces)

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        self._log.append("close body")


def asks(log: Log, *names: str, pieces: Iterable[bytes] = (b"a", b"b")) -> WSGIApplication:
    """Return an application that looks up *names*."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name in names:
            log.append(f"got {environ['mergepoint'][name]}")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body(log, pieces)

    return app


def call(app: WSGIApplication, *, most: int | None = None, close: bool = True, **environ: Any) -> bytes:
    """Call *app* as a server does, which reads at most so many pieces."""
    heads: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        if heads and not exc_info:
            raise AssertionError("twice")
        heads.append(status)
        return lambda data: None

    body = app(create_environ("/p") | environ, start_response)
    said = b""
    try:
        for count, piece in enumerate(body):
            if count == most:
                break
            said += piece
    finally:
        if close and hasattr(body, "close"):
            body.close()
    return said


def test_values_are_made_when_asked_for_and_closed_after_the_body_in_reverse_order(log: Log) -> None:
    app = inject(asks(log, "b", "a", "b"), a=resource(log, "a"), b=resource(log, "b"), c=resource(log, "c"))
    assert call(app) == b"ab"
    assert log == [
        "open b", "got b of /p", "open a", "got a of /p", "got b of /p", "close body", "close a", "close b",
    ]  # fmt: skip


def test_every_layer_may_be_validated(log: Log) -> None:
    app: WSGIApplication = asks(log, "a")
    app = validator(inject(validator(inject(validator(app), a=resource(log, "a"))), b=resource(log, "b")))
    body = app(create_environ("/p"), lambda status, headers, exc_info=None: lambda data: None)
    assert [*body] == [b"a", b"b"]
    body.close()
    assert log[-2:] == ["close body", "close a"]


def test_a_plain_value_is_given_as_it_is(log: Log) -> None:
    value = object()
    seen = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.extend([environ["mergepoint"]["a"], environ["mergepoint"].get("a"), environ["mergepoint"].get("b", 3)])
        start_response("200 OK", [])
        return []

    call(inject(app, a=lambda environ: value))
    assert seen == [value, value, 3]


def test_to_look_at_the_mapping_makes_nothing(log: Log) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        values = environ["mergepoint"]
        assert isinstance(values, Mapping)
        assert ("a" in values, "x" in values, len(values), [*values]) == (True, False, 2, ["a", "b"])
        assert repr(values) == "<mergepoint: a, b>"
        with pytest.raises(KeyError):
            values["x"]
        start_response("200 OK", [])
        return [b"1"]

    assert call(inject(app, a=resource(log, "a"), b=resource(log, "b"))) == b"1"
    assert log == []


def raises_before(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]
    raise ZeroDivisionError


def raises_within(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]
    start_response("200 OK", [])
    raise ZeroDivisionError
    yield b""


def raises_after(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]
    start_response("200 OK", [])
    yield b"a"
    raise ZeroDivisionError


def raises_in_close(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]
    start_response("200 OK", [])

    class Closing(list):  # type: ignore[type-arg]
        def close(self) -> None:
            raise ZeroDivisionError

    return Closing([b"a"])


def starts_twice(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def gives_nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
    environ["mergepoint"]["a"], environ["mergepoint"]["b"]


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (raises_before, ZeroDivisionError),
        (raises_within, ZeroDivisionError),
        (raises_after, ZeroDivisionError),
        (raises_in_close, ZeroDivisionError),
        (starts_twice, AssertionError),
        (gives_nothing, TypeError),
    ],
)
def test_an_application_that_raises_is_closed_with_its_exception(
    app: WSGIApplication, error: type[BaseException], log: Log
) -> None:
    with pytest.raises(error):
        call(inject(app, a=resource(log, "a"), b=resource(log, "b")))
    kind = error.__name__
    assert log == ["open a", "open b", f"b saw {kind}", "close b", f"a saw {kind}", "close a"]


@pytest.mark.parametrize("most", [0, 1])
def test_a_client_that_leaves_in_the_middle_is_no_error(most: int, log: Log) -> None:
    call(inject(asks(log, "a"), a=resource(log, "a")), most=most)
    assert log == ["open a", "got a of /p", "close body", "close a"]


def test_a_body_that_is_never_read_is_closed(log: Log) -> None:
    app = inject(asks(log, "a"), a=resource(log, "a"))
    body = app(create_environ("/p"), lambda *head: lambda data: None)
    body.close()
    body.close()
    assert log == ["open a", "got a of /p", "close body", "close a"]


def test_a_server_that_forgets_to_close_is_forgiven(log: Log) -> None:
    body = inject(asks(log, "a"), a=resource(log, "a"))(create_environ("/p"), lambda *head: lambda data: None)
    del body
    gc.collect()
    assert log == ["open a", "got a of /p", "close body", "close a"]


def test_what_is_asked_for_by_the_body_is_closed_too(log: Log) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            yield environ["mergepoint"]["a"].encode()
        finally:
            log.append(environ["mergepoint"]["b"])

    assert call(inject(app, a=resource(log, "a"), b=resource(log, "b"))) == b"a of /p"
    assert log == ["open a", "open b", "b of /p", "close b", "close a"]


def test_a_provider_that_raises_is_the_applications_exception_and_the_others_are_closed(log: Log) -> None:
    def broken(environ: WSGIEnvironment) -> object:
        log.append("broken")
        raise KeyError("broken")

    app = inject(asks(log, "a", "broken"), a=resource(log, "a"), broken=broken)
    with pytest.raises(KeyError, match="broken"):
        call(app)
    assert log == ["open a", "got a of /p", "broken", "a saw KeyError", "close a"]


def test_a_provider_that_raised_is_not_asked_again_in_the_request(log: Log) -> None:
    def broken(environ: WSGIEnvironment) -> object:
        log.append("broken")
        raise KeyError("broken")

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for ask in (environ["mergepoint"].__getitem__, environ["mergepoint"].get):
            with pytest.raises(KeyError, match="broken"):
                ask("broken")
        start_response("200 OK", [])
        return []

    call(inject(app, broken=broken))
    assert log == ["broken"]


def test_one_that_fails_to_close_keeps_no_other_open(log: Log) -> None:
    @contextlib.contextmanager
    def stuck(environ: WSGIEnvironment) -> Iterator[str]:
        yield "stuck"
        raise OSError("stuck")

    class Angry:
        def __enter__(self) -> None: ...

        def __exit__(self, *error: object) -> None:
            raise OSError("angry")

    def angry(environ: WSGIEnvironment) -> Angry:
        return Angry()

    app = inject(asks(log, "a", "stuck", "b"), a=resource(log, "a"), stuck=stuck, b=resource(log, "b"))
    with pytest.raises(OSError, match="stuck"):
        call(app)
    assert log[-4:] == ["close body", "close b", "a saw OSError", "close a"]
    with pytest.raises(ZeroDivisionError) as caught:
        call(inject(raises_before, a=angry, b=resource(log, "b")))
    assert caught.value.__notes__ == ["after that, closing failed too: OSError('angry')"]
    assert log[-1] == "close b"


def test_a_provider_may_use_another_but_not_itself(log: Log) -> None:
    providers = {
        "a": lambda environ: environ["mergepoint"]["b"] + 1,
        "b": lambda environ: 1,
        "c": lambda environ: environ["mergepoint"]["d"],
        "d": lambda environ: environ["mergepoint"]["c"],
    }

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        assert environ["mergepoint"]["a"] == 2
        with pytest.raises(RuntimeError, match="the provider of 'c' looks itself up"):
            environ["mergepoint"]["c"]
        return []

    call(inject(app, **providers))


def test_an_inner_inject_adds_to_the_outer(log: Log) -> None:
    inner = inject(asks(log, "a", "b", "c"), b=lambda environ: "inner b", c=lambda environ: "c")
    call(inject(inner, a=resource(log, "a"), b=lambda environ: "outer b"))
    assert log == ["open a", "got a of /p", "got inner b", "got c", "close body", "close a"]


def test_the_environ_of_the_server_stays_as_it_was(log: Log) -> None:
    environ = create_environ("/p")
    before = dict(environ)
    inject(asks(log), a=resource(log, "a"))(environ, lambda *head: lambda data: None)
    assert environ == before


def test_after_the_request_nothing_is_to_be_had(log: Log) -> None:
    kept = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kept.append(environ["mergepoint"])
        environ["mergepoint"]["a"]
        start_response("200 OK", [])
        return []

    call(inject(app, a=resource(log, "a"), b=resource(log, "b")))
    for name in ("a", "b"):
        with pytest.raises(RuntimeError, match="the request is over"):
            kept[0][name]
    assert log == ["open a", "close a"]


def test_threads_of_one_request_get_one_value(log: Log) -> None:
    made = []
    both = threading.Barrier(8)

    def slow(environ: WSGIEnvironment) -> object:
        made.append(object())
        threading.Event().wait(0.05)
        return made[-1]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = []

        def look() -> None:
            both.wait()
            found.append(environ["mergepoint"]["a"])

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == made * 8
        start_response("200 OK", [])
        return []

    call(inject(app, a=slow))
    assert len(made) == 1


def test_a_provider_that_cannot_be_called_is_named() -> None:
    with pytest.raises(TypeError, match="user: a function of the environ is expected, not str"):
        inject(raises_before, user="ada")


def test_app_is_a_name_like_any_other(log: Log) -> None:
    call(inject(asks(log, "app"), app=lambda environ: 1))
    assert log[0] == "got 1"
