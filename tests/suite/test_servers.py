"""The suite under other WSGI servers: what each of them could get wrong, and the whole contract."""

import contextlib
import http.client
import json
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from mergepoint.suite.services import NAMES
from tests.contract.faces import http_face, live
from tests.contract.pixels import shown
from tests.contract.runner import check, load
from tests.servers import Reply
from tests.suite.running import Command
from tests.suite.serve import SERVERS
from tests.thumbnail import pictures

TEXT = {"Content-Type": "text/plain"}
CODE = b"x = 1\n"


class Served(Command):
    """The suite under the WSGI *server*, with the services *only*."""

    def __init__(self, server: str, only: str, **environment: str) -> None:
        super().__init__(**environment)
        self._command = [sys.executable, "-W", "ignore", "-m", "tests.suite.serve", server, str(self.port), only]


@contextlib.contextmanager
def served(server: str, only: str = "") -> Iterator[Command]:
    options = ["--only", only] if only else []
    command = Command(*options) if server == "gunicorn" else Served(server, only)
    command.start()
    try:
        yield command
    finally:
        command.stop()


SHORT = ("waitress",)  # the others take half a minute to start; test_command.py has gunicorn
QUICK = [*SHORT, *(pytest.param(name, marks=pytest.mark.long) for name in SERVERS if name not in SHORT)]


@pytest.fixture(scope="module", params=QUICK)
def quick(request: pytest.FixtureRequest) -> Iterator[Command]:
    """The services that start at once."""
    with served(request.param, "htmldiff,thumbnail,auth") as command:
        yield command


def raw(command: Command, data: bytes) -> Reply:
    """Send *data* as it is; return the answer."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", command.port), timeout=30)) as connection:
        connection.sendall(data)
        response = http.client.HTTPResponse(connection, method=data.split(b" ", 1)[0].decode())
        response.begin()
        return Reply(response.status, response.headers, response.read())


PAIR = b'{"old": "<p>a</p>", "new": "<p>b</p>"}'
JSON = {"Content-Type": "application/json"}


def test_post_query_and_head(quick: Command) -> None:
    posted = quick.request("POST", "/htmldiff", PAIR, JSON)
    assert (posted.status, b"<ins" in posted.body) == (200, True)
    assert quick.request("QUERY", "/htmldiff", PAIR, JSON).body == posted.body
    target = "/htmldiff?old=%3Cp%3Ea%3C/p%3E&new=%3Cp%3Eb%3C/p%3E"
    got, head = quick.request("GET", target), quick.request("HEAD", target)
    assert got.body == posted.body
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
    assert got.headers["Content-Length"] == head.headers["Content-Length"] == str(len(got.body))


def test_a_chunked_body_is_read(quick: Command) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (PAIR[:7], PAIR[7:])) + b"0\r\n\r\n"
    head = b"POST /htmldiff HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(quick, head + chunks).body == quick.request("POST", "/htmldiff", PAIR, JSON).body


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_413(quick: Command, chunked: bool) -> None:
    body = b" " * 70_000  # auth's limit is 65,536
    if chunked:
        head = (
            b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        )
        reply = raw(quick, head + b"Connection: close\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    else:
        reply = quick.request("POST", "/auth/login", body, JSON)
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")


def test_a_binary_answer_arrives_and_304_has_no_body(quick: Command) -> None:
    body = pictures.file(pictures.flag(64, 48), "PNG")
    picture = quick.request("POST", "/thumbnail?width=16", body, {"Content-Type": "image/png"})
    assert picture.status == 200
    assert shown(picture.body).shape[1] == 16
    known = {"If-None-Match": picture.headers["ETag"], "Content-Type": "image/png"}
    again = quick.request("POST", "/thumbnail?width=16", body, known)
    assert (again.status, again.body) == (304, b"")


SPELLINGS = (
    "X-Real-IP",
    "x-real-ip",
    "X_Real_IP",
    "X-Real_IP",
    "Mergepoint-Policy",
    "mergepoint_policy",
    "Mergepoint_Audience",
)


def test_no_spelling_of_a_proxys_header_gets_through(quick: Command) -> None:
    head = "".join(f"{name}: 203.0.113.9\r\n" for name in SPELLINGS)
    login = json.dumps({"login": "nobody", "password": "x"})
    for path, status in (("/auth/verify", 404), ("/auth/login", 401)):
        request = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{head}"
        reply = raw(quick, f"{request}Content-Length: {len(login)}\r\n\r\n{login}".encode())
        assert reply.status in (status, 400), reply.body  # a server may refuse a name with an underscore
    database = b"".join(path.read_bytes() for path in (quick.folder / "auth").glob("auth.db*"))
    assert b"203.0.113.9" not in database
    assert b"login_failed" in database or b"127.0.0.1" in database


@pytest.mark.parametrize("path", ["/%FF", "/%E4%BD%A0", "/static/%2e%2e/x", "/a%00b", "/%", "/x?%FF"])
def test_a_strange_path_is_refused_in_our_shape(quick: Command, path: str) -> None:
    reply = quick.request("GET", path)
    assert reply.status in (400, 404)
    if reply.status == 404:
        assert reply.json["code"] == "not_found"


def test_several_requests_go_over_one_connection(quick: Command) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", quick.port, timeout=20)
    with contextlib.closing(connection):
        for method, target, body in (
            ("HEAD", "/", None), ("GET", "/health", None), ("POST", "/htmldiff", PAIR), ("HEAD", "/nothing", None),
            ("GET", "/nothing", None), ("GET", "/auth/me", None),
        ):  # fmt: skip
            connection.request(method, target, body, JSON if body else {})
            response = connection.getresponse()
            assert response.status in (200, 404)
            response.read()


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[str], Command]]:
    """Return a function that gives the whole suite under a server; of one at a time."""
    with contextlib.ExitStack() as stack:
        running: dict[str, Command] = {}

        def give(server: str) -> Command:
            if server not in running:
                stack.close()
                running.clear()
                running[server] = stack.enter_context(served(server))
            return running[server]

        yield give


@pytest.mark.long
@pytest.mark.parametrize("server", SERVERS)
def test_the_contract(server: str, make: Callable[[str], Command]) -> None:
    wrong = {}
    face = http_face(live(make(server).url))
    for case in load(*NAMES):
        try:
            check(case, face)
        except AssertionError as error:
            wrong[str(case)] = str(error)
    assert wrong == {}
