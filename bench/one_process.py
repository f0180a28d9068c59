"""Measures the whole suite in one process, `python -m mergepoint.suite`: memory, start, speed, the merge points."""

import contextlib
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import suite
from load import Turns, post_fresh, ratio
from memory import family, proportional_set
from report import Row

STARTS = 3
CALLS = 5000
# One of each service, through its sandbox where it has one: health makes a picture small.
CALL_OF_EACH = ("/highlight?language=python&code=x", "/htmldiff?old=a&new=b", "/thumbnail/health", "/auth/me")


def rows(text: Path, turns: Turns) -> list[Row]:
    """Return all rows; *text* is a file with 2 KB of Python."""
    return [*_memory_and_start(), _speed(text, turns), _merge_points()]


def _memory_and_start() -> Iterator[Row]:
    taken, used, count = [], [], 0
    for _ in range(STARTS):
        began = time.perf_counter()
        with _running(["-m", "mergepoint.suite"], "/health") as (url, pid):
            for path in CALL_OF_EACH:
                suite.ask(url + path, within=10)
            taken.append(time.perf_counter() - began)
            suite.settle()
            processes = family(pid)
            used.append(sum(map(proportional_set, processes)) / 2**20)
            count = len(processes)
    memory, start = statistics.median(used), statistics.median(taken)
    yield Row(
        "memory of the suite in one process",
        f"{memory:.0f} MB",
        "≤ 320 MB",
        memory <= 320,
        f"PSS of {count} processes, sandboxes included, after one call of each service; median of {STARTS}",
    )
    yield Row(
        "suite in one process, start to the first answer of each service",
        f"{start:.1f} s",
        "≤ 6 s",
        start <= 6,
        f"accounts made too; median of {STARTS}",
    )


def _speed(text: Path, turns: Turns) -> Row:
    apart = ["-m", "gunicorn", "-c", str(suite.ROOT / "services/gunicorn.conf.py")]
    call = "/highlight?language=python"
    with contextlib.ExitStack() as stack:
        suite_url, _ = stack.enter_context(_running(["-m", "mergepoint.suite", "--only", "highlight"], "/health"))
        url, _ = stack.enter_context(
            _running(apart, "/highlight/health", MERGEPOINT_SERVICE="highlight", HIGHLIGHT_WORKERS="1")
        )
        suite.settle()
        rates = turns.measure({"suite": post_fresh(suite_url + call, text), "apart": post_fresh(url + call, text)})
    middle, low, high = ratio(rates["suite"], rates["apart"])
    rate, rate_apart = (statistics.median(rates[name]) for name in ("suite", "apart"))
    source = f"{rate:,.0f}/s ÷ {rate_apart:,.0f}/s, one worker each, without nginx; {low:.2f} to {high:.2f}"
    return Row("uncached POST, suite in one process ÷ service", f"{middle:.2f}", "≥ 0.9", middle >= 0.9, source)


def _merge_points() -> Row:
    """Measure what ``dispatch``, ``inject`` and a bridge add to a request together."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIRequest
    from django.http import HttpResponse

    from mergepoint.suite import dispatch, from_django, inject, to_django

    settings.configure()

    def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]

    def asking(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["mergepoint"]["user"] == "ada"
        return bare(environ, start_response)

    def bridged(bridge: Callable[[Any, StartResponse], Iterable[bytes]]) -> Any:
        mounts = {"/": bare, "/api": bare, "/shop": bridge}
        return inject(dispatch(mounts), user=lambda environ: "ada")

    def into(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = to_django(requests.pop(), lambda _own, start: asking(environ, start))
        start_response("200 OK", list(response.items()))
        return response

    def out_of(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["mergepoint"]["user"] == "ada"
        return from_django(responses.pop())(environ, start_response)

    requests = [WSGIRequest(_environ()) for _ in range(CALLS)]
    responses = [HttpResponse(b"ok") for _ in range(CALLS)]
    took = {"into": _median(bridged(into)), "out of": _median(bridged(out_of)), "bare": _median(bare)}
    worst = max(took["into"], took["out of"]) - took["bare"]
    return Row(
        "dispatch, inject and a bridge to Django, together",
        f"{worst:.0f} µs",
        "≤ 60 µs",
        worst <= 60,
        f"into Django {took['into']:.0f}, out of it {took['out of']:.0f}, without them {took['bare']:.0f} µs; medians",
    )


def _median(app: Any) -> float:
    """Return the microseconds of a request, as a server makes it."""
    taken = []
    for _ in range(CALLS):
        environ = _environ()
        began = time.perf_counter()
        body = app(environ, lambda status, headers, exc_info=None: None)
        for _piece in body:
            pass
        if hasattr(body, "close"):
            body.close()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e6


def _environ() -> WSGIEnvironment:
    return {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/shop/book/1", "QUERY_STRING": "a=1",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        **{f"HTTP_X_HEADER_{number}": "value" for number in range(12)},
    }  # fmt: skip


@contextlib.contextmanager
def _running(arguments: list[str], health: str, **environment: str) -> Iterator[tuple[str, int]]:
    """Run Python with *arguments* until the block ends; yield the URL and the pid when *health* answers."""
    address = f"127.0.0.1:{suite.free_port()}"
    with suite.folder() as folder:
        environment = {
            **os.environ, "MERGEPOINT_LISTEN": address, "MERGEPOINT_BIND": address, "AUTH_STATE": str(folder / "auth"),
            **environment,
        }  # fmt: skip
        url = f"http://{address}"
        with suite.program([sys.executable, *arguments], url + health, environment=environment) as process:
            yield url, process.pid
