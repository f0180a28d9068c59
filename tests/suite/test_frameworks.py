"""Every framework within every layer within every other, watched around, inside and between."""

import itertools
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import flask
import pytest
from django.core.handlers.wsgi import WSGIRequest

from mergepoint.suite import dispatch, from_django, inject, to_django
from mergepoint.suite.application import Suite
from mergepoint.suite.guard import guard
from tests.suite.frameworks import APPS, COOKIES, LINKS
from tests.suite.strict import Counted, ask

Layer = Callable[[WSGIApplication], WSGIApplication]


def dispatched(app: WSGIApplication) -> WSGIApplication:
    return dispatch({"/": app, "/elsewhere": app})


def injected(app: WSGIApplication) -> WSGIApplication:
    def asking(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["mergepoint"]["path"] == environ["PATH_INFO"]
        return app(environ, start_response)

    return inject(asking, path=lambda environ: environ["PATH_INFO"])


def in_flask(app: WSGIApplication) -> WSGIApplication:
    outer = flask.Flask("outer")
    methods = ["GET", "POST", "PUT", "DELETE", "QUERY"]
    outer.add_url_rule("/", view_func=lambda: dispatched(app), endpoint="root", methods=methods)
    outer.add_url_rule("/<path:rest>", view_func=lambda rest: dispatched(app), methods=methods)
    return outer


def in_django(app: WSGIApplication) -> WSGIApplication:
    def view(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return from_django(to_django(WSGIRequest(dict(environ)), app))(environ, start_response)

    return view


LAYERS: dict[str, Layer] = {
    "dispatch": dispatched, "inject": injected, "flask": in_flask, "django": in_django, "guard": guard,
}  # fmt: skip
NAMES = pytest.mark.parametrize("name", [*APPS, "ours"])
# An outer layer that is another framework takes part in `make test-long`.
ALL = [
    pytest.param(pair, id="-".join(pair), marks=() if pair[1] in ("dispatch", "inject") else pytest.mark.long)
    for pair in itertools.product(LAYERS, LAYERS)
]
PAIRS = pytest.mark.parametrize("layers", ALL)


@pytest.fixture(scope="module")
def apps(whole: Suite) -> dict[str, WSGIApplication]:
    return {name: make() for name, make in APPS.items()} | {"ours": whole}


def stack(app: WSGIApplication, layers: Iterable[str]) -> tuple[WSGIApplication, Counted]:
    """Return *app* within *layers*, the last one outside; a validator between all of them."""
    counted = Counted(app)
    for layer in layers:
        app = LAYERS[layer](validator(counted if app is counted._app else app))
    return app, counted


@NAMES
@PAIRS
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_answers_are_as_without_any_layer(
    name: str, layers: tuple[str, str], method: str, apps: dict[str, WSGIApplication]
) -> None:
    app, counted = stack(apps[name], layers)
    paths = ["/htmldiff?old=a&new=b", "/htmldiff/health", "/"] if name == "ours" else ["/home", "/moved", "/stream"]
    for path in (*paths, "/nowhere"):
        alone = ask(dispatch({"/": apps[name]}), path, method=method)
        answer = ask(app, path, method=method)
        assert (answer.status, answer.body) == (alone.status, alone.body) or name in ("ours", "flask", "django")
        assert answer.status == alone.status
        for header in ("Content-Type", "Location", "ETag", "Content-Security-Policy"):
            assert answer.all(header) == alone.all(header), header
    assert counted.made == counted.closed


@PAIRS
@NAMES
def test_bodies_arrive(name: str, layers: tuple[str, str], apps: dict[str, WSGIApplication]) -> None:
    app, counted = stack(apps[name], layers)
    data = bytes(range(256))
    if name == "ours":
        answer = ask(
            app, "/htmldiff", method="POST", data=json.dumps({"old": "a", "new": "b"}), content_type="application/json"
        )
        assert b"<ins" in answer.body
    else:
        assert ask(app, "/echo", method="POST", data=data, content_type="application/octet-stream").body == data
    assert counted.made == counted.closed


@PAIRS
@pytest.mark.parametrize("name", list(APPS))
def test_repeated_headers_and_phrases_arrive(
    name: str, layers: tuple[str, str], apps: dict[str, WSGIApplication]
) -> None:
    app, _ = stack(apps[name], layers)
    answer = ask(app, "/repeated")
    assert (answer.status, answer.body) == ("299 Several Of Them", b"repeated")
    assert ", ".join(answer.all("Link")) == ", ".join(LINKS)
    cookies = answer.all("Set-Cookie")
    assert len(cookies) == 3
    if name != "django":  # which writes them in its own way
        assert sorted(cookies) == sorted(COOKIES)


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "dispatch"])
@pytest.mark.parametrize("name", list(APPS))
def test_links_come_out_below_the_prefix(name: str, layer: str, apps: dict[str, WSGIApplication]) -> None:
    app = dispatch({"/outer": validator(dispatch({"/inner": validator(LAYERS[layer](validator(apps[name])))}))})
    answer = ask(app, "/outer/inner/moved")
    assert answer.status.startswith("302")
    assert answer.one("Location").removeprefix("http://localhost") == "/outer/inner/home"
    said = ask(app, "/outer/inner/where").body
    assert said == (b"/outer/inner|/where" if name == "handmade" else b"/outer/inner/home")


def test_no_value_of_one_request_is_ever_in_another(apps: dict[str, WSGIApplication]) -> None:
    """8 threads, 500 requests each, over all mounts."""
    closed = []

    class Resource:
        def __init__(self, environ: WSGIEnvironment) -> None:
            self.of = environ["QUERY_STRING"]

        def __enter__(self) -> "Resource":
            return self

        def __exit__(self, *error: object) -> None:
            closed.append(self.of)

    def checked(app: WSGIApplication) -> WSGIApplication:
        def check(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            assert environ["mergepoint"]["db"].of == environ["QUERY_STRING"] == environ["mergepoint"]["user"]
            environ["HTTP_X_SEEN"] = environ["mergepoint"]["user"]
            return app(environ, start_response)

        return check

    def says(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield environ["HTTP_X_SEEN"].encode()
        yield environ["mergepoint"]["db"].of.encode()

    mounts = {f"/{name}": checked(app) for name, app in apps.items() if name != "ours"} | {"/says": checked(says)}
    mounts |= {"/flask-of": checked(in_flask(says)), "/django-of": checked(in_django(says))}
    app = inject(dispatch(mounts), db=Resource, user=lambda environ: environ["QUERY_STRING"])
    errors: list[BaseException] = []
    paths = [f"{mount}/home" for mount in mounts]

    def run(number: int) -> None:
        try:
            for count in range(500):
                path, value = paths[(count + number) % len(paths)], f"{number}-{count}"
                answer = ask(app, path, query_string=value)
                assert answer.status == "200 OK", answer
                if "of/" in path or "says" in path:
                    assert answer.body == value.encode() * 2
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(closed) == sorted(f"{number}-{count}" for number in range(8) for count in range(500))


def test_counting_layers_would_notice_a_missed_close() -> None:
    def forgets(app: Any) -> WSGIApplication:
        return lambda environ, start_response: iter([b"".join(app(environ, start_response))])

    counted = Counted(APPS["handmade"]())
    assert ask(forgets(counted), "/home").body == b"home"
    assert (counted.made, counted.closed) == (1, 0)
