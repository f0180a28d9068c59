"""Streams behind auth: events one by one, WebSockets by one line; both end with the rights of their caller."""

import contextlib
import http.client
import os
import pathlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.auth.applications.places import example
from tests.auth.applications.streams import Events, Sockets
from tests.auth.place import Place, Visitor
from tests.auth.raw import exchange, get, status
from tests.servers import children, wait_for

LINE = "include snippets/policies/websocket.conf;"
PASSWORD = "correct horse battery"


class Streams:
    """A place with an application that streams, below several paths."""

    def __init__(self, **environment: str) -> None:
        self.events, self.sockets = Events(), Sockets()
        self.listeners: list[Listener] = []
        events, sockets = f"127.0.0.1:{self.events.port}", f"127.0.0.1:{self.sockets.port}"
        named = 'set $origins "https://a.example https://b.example:8443";'
        files = [
            example("live", events), example("free", events, "public"), example("perhaps", events, "optional"),
            example("rear", events, "admin"), example("sockets", sockets, lines=LINE), example("plain", sockets),
            example("loose", sockets, "public", lines=LINE), example("named", sockets, lines=f"{named} {LINE}"),
        ]  # fmt: skip
        self.place = Place(applications={"streams.conf": "".join(files)}, **environment)

    def start(self) -> "Streams":
        self.place.start()
        return self

    def stop(self) -> None:
        self.hang_up()
        for one in (self.events, self.sockets, self.place):
            one.stop()

    def listen(self, path: str = "/live/events", *, method: str = "GET", **headers: str) -> "Listener":
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.listeners.append(Listener(self, path, method, headers))
        return self.listeners[-1]

    def hang_up(self) -> None:
        """Close all that listen."""
        while self.listeners:
            self.listeners.pop().close()

    @contextlib.contextmanager
    def socket(
        self, path: str = "/sockets/echo", *, origin: str | None = None, **headers: str
    ) -> Iterator[ClientConnection]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"ws://127.0.0.1:{self.place.port}{path}"
        with connect(url, additional_headers=sent, origin=origin, compression=None, max_size=None) as connection:  # type: ignore[arg-type]
            yield connection

    def refusal(self, path: str, *, origin: str | None = None, **headers: str) -> int:
        """Return the status that refuses a WebSocket; 101 if none does."""
        try:
            with self.socket(path, origin=origin, **headers):
                return 101
        except InvalidStatus as error:
            return error.response.status_code

    @property
    def relay(self) -> int:
        """The process that streams pass through."""
        sockets = pathlib.Path("/proc/net/unix").read_text().splitlines()
        [inode] = [line.split()[6] for line in sockets if line.endswith(f"{self.place.run}/streams/relay.sock")
                   and line.split()[3] == "00010000"]  # fmt: skip
        [pid] = [pid for pid in children(self.place.auth_pid) if f"socket:[{inode}]" in files_of(pid)]
        return pid


class Listener:
    """Reads events, as a browser does."""

    def __init__(self, streams: Streams, path: str, method: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", streams.place.port, timeout=20)
        before = streams.events.begun
        headers = {"Accept": "text/event-stream", **headers}
        self._connection.request(method, path, b"{}" if method == "POST" else None, headers)
        self.response = self._connection.getresponse() if method == "HEAD" else self._answer(streams, before)

    def _answer(self, streams: Streams, before: int) -> http.client.HTTPResponse:
        response = self._connection.getresponse()
        if response.status == 200:
            wait_for(lambda: streams.events.begun > before)
        return response

    @property
    def status(self) -> int:
        return self.response.status

    def next(self) -> str:
        """Return the next event; "" when the stream is over."""
        with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
            while line := self.response.readline():
                if line.startswith(b"data: "):
                    return line[6:].decode().strip()
        return ""

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class Socket:
    """Asks for events with as little as can be: there may be hundreds."""

    def __init__(self, streams: Streams, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", streams.place.port), timeout=20)
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())

    def status(self) -> int:
        return status(self._socket.recv(4096))

    def close(self) -> None:
        self._socket.close()


def files_of(pid: int) -> list[str]:
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def bearer(token: str) -> str:
    return f"Bearer {token}"


@pytest.fixture(scope="module")
def here(nginx_present: None) -> Iterator[Streams]:
    streams = Streams().start()
    yield streams
    streams.stop()


@pytest.fixture(autouse=True)
def hung_up(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "here" in request.fixturenames:
        here = request.getfixturevalue("here")
        here.hang_up()
        wait_for(lambda: here.events.open == 0, seconds=20)  # the next one counts what is open


@pytest.fixture(scope="module")
def token(here: Streams) -> str:
    return here.place.logged_in().token


@pytest.mark.parametrize(
    ("path", "method", "accept"),
    [
        ("/live/events", "GET", "text/event-stream"),
        ("/live/events", "GET", "application/json, text/event-stream"),
        ("/live/events", "GET", "TEXT/EVENT-STREAM; charset=utf-8"),
        ("/live/events?a=%2F&b=1", "POST", "text/event-stream;q=1, */*"),
        ("/live/events", "GET", "*/*"),
        ("/live/events", "POST", "*/*"),
        ("/live/events", "GET", "application/json, text/plain, */*"),  # axios
        ("/live/events", "POST", "application/json"),  # OpenAI's clients
        ("/live/events", "GET", "text/*;q=0.5"),
        ("/free/events", "GET", "*/*"),
        ("/free/events", "GET", "text/event-stream"),
        ("/perhaps/events", "GET", "text/event-stream"),
    ],
)
def test_events_arrive_one_by_one(here: Streams, token: str, path: str, method: str, accept: str) -> None:
    stream = here.listen(path, method=method, Accept=accept, Authorization=bearer(token))
    for event in ("one", "two", "three" * 1000, "four"):
        here.events.send(event)
        assert stream.next() == event
    seen = here.events.requests[-1]
    assert (seen["method"], seen["path"], seen["length"]) == (method, path, 2 if method == "POST" else 0)
    stream.close()
    wait_for(lambda: here.events.open == 0)


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_an_upgrade_that_is_not_passed_holds_back_no_events(here: Streams, token: str, accept: str) -> None:
    stream = here.listen(
        Accept=accept, Upgrade="h2c", Connection="Upgrade, HTTP2-Settings", Authorization=bearer(token)
    )
    here.events.send("first")
    assert stream.next() == "first"


def test_a_stream_that_its_application_ends_is_complete(here: Streams, token: str) -> None:
    stream = here.listen(Authorization=bearer(token))
    here.events.send("last")
    here.events.end()
    assert stream.next() == "last"
    assert stream.response.read().strip() == b""
    assert stream.response.isclosed()


def test_nothing_of_ours_reaches_the_application(here: Streams, token: str) -> None:
    claimed = {"Mergepoint-Stream-Policy": "public", "Mergepoint-Policy": "public", "Mergepoint-Again": "1"}
    claimed |= {"X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1", "Mergepoint-Stream-Address": "192.0.2.1"}
    stream = here.listen("/live/events", Authorization=bearer(token), Cookie="theirs=1", **claimed)
    assert stream.status == 200
    headers = here.events.requests[-1]["headers"]
    assert {name for name in headers if name.startswith("Mergepoint")} == {"Mergepoint-Identity"}
    assert headers["Cookie"] == "theirs=1"
    assert "Authorization" not in headers
    assert headers["X-Forwarded-For"] == headers["X-Real-IP"] == "127.0.0.1"
    assert headers["X-Request-Id"] == stream.response.headers["X-Request-Id"]
    stream.close()


def test_a_stream_has_each_header_of_ours_once(here: Streams, token: str) -> None:
    stream = here.listen(Authorization=bearer(token))
    names = [name.lower() for name in stream.response.headers]
    assert len(names) == len(set(names))
    stream.close()


@pytest.mark.parametrize("lines", [[], ["Authorization: Bearer ms_bad"], ["Cookie: mergepoint=ms_bad"]])
@pytest.mark.parametrize("asked", ["Accept: text/event-stream", "Upgrade: websocket\r\nConnection: Upgrade"])
def test_nobody_has_a_stream_without_a_login(here: Streams, lines: list[str], asked: str) -> None:
    before = len(here.events.requests), len(here.sockets.headers)
    for path in ("/live/events", "/rear/events", "/sockets/echo", "/live/../live/events", "/live//events"):
        assert status(get(here.place, path, asked, *lines)) in (401, 404)
    assert (len(here.events.requests), len(here.sockets.headers)) == before


def test_the_policy_of_the_location_holds(here: Streams) -> None:
    ann = here.place.user("ann-streams")
    assert here.listen("/rear/events", Authorization=bearer(ann.token)).status == 403
    key = ann.post("/auth/keys", {"name": "k", "scopes": ["other"]}).json["secret"]
    assert here.listen("/live/events", Authorization=bearer(key)).status == 403
    assert here.refusal("/sockets/echo", Authorization=bearer(key)) == 403


def test_internal_paths_are_not_to_be_asked_for(here: Streams, token: str) -> None:
    for path in ("/_stream", "/_stream?x", "/%5fstream", "/_verify"):
        assert here.listen(path, Authorization=bearer(token)).status == 404


def test_a_websocket_passes_by_one_line(here: Streams, token: str) -> None:
    with here.socket(Authorization=bearer(token)) as connection:
        for message in ("hello", b"\x00" * 70_000, "x" * 3_000_000):
            connection.send(message)
            assert connection.recv() == message
    assert "Mergepoint-Identity" in here.sockets.headers[-1]
    assert "Authorization" not in here.sockets.headers[-1]
    wait_for(lambda: not here.sockets.open)


def test_without_the_line_no_upgrade_is_passed(here: Streams, token: str) -> None:
    received = get(
        here.place, "/live/x", "Upgrade: websocket", "Connection: Upgrade", f"Authorization: {bearer(token)}"
    )
    assert status(received) == 200
    assert not {"Upgrade", "Sec-WebSocket-Accept"} & here.events.requests[-1]["headers"].keys()
    assert here.refusal("/plain/echo", Authorization=bearer(token)) != 101


@pytest.mark.parametrize("upgrade", ["h2c", "websocket, h2c", "h2c, websocket", "TLS/1.0", "websocket/13 x"])
def test_nothing_else_is_upgraded_to(here: Streams, token: str, upgrade: str) -> None:
    before = len(here.sockets.headers)
    lines = [
        f"Authorization: {bearer(token)}",
        "Connection: Upgrade, HTTP2-Settings, close",
        "HTTP2-Settings: AAMAAABk",
    ]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    received = exchange(
        here.place,
        "\r\n".join(["GET /sockets/echo HTTP/1.1", "Host: localhost", f"Upgrade: {upgrade}", *lines]).encode()
        + b"\r\n\r\n",
    )
    assert status(received) not in (0, 101)
    assert len(here.sockets.headers) == before


FOREIGN = [
    "http://evil.example", "null", "http://localhost.evil.example:{port}", "http://127.0.0.1:{port}.evil.example",
    "http://evil.example/http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "http://127.0.0.1", "file://",
    "http://127.0.0.1:{port}@evil.example", "http://evil.example http://127.0.0.1:{port}", "127.0.0.1:{port}",
    "http://evil.example http://evil.example", "http://127.0.0.1:{port}/", "none", "http://", "https://a.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", ["/sockets/echo", "/loose/echo"])
def test_a_page_of_a_foreign_origin_opens_no_websocket(here: Streams, token: str, origin: str, path: str) -> None:
    origin = origin.format(port=here.place.port)
    for headers in ({"Authorization": bearer(token)}, {"Cookie": f"mergepoint={token}"}, {}):
        assert here.refusal(path, origin=origin, **headers) == 403
    assert here.sockets.open == []


def test_pages_of_ours_may_open_a_websocket(here: Streams, token: str) -> None:
    cookie = f"mergepoint={token}"
    for origin in (f"http://127.0.0.1:{here.place.port}", here.place.public_url, None):
        assert here.refusal("/sockets/echo", origin=origin, Cookie=cookie) == 101
    for origin in ("https://a.example", "https://b.example:8443", here.place.public_url):
        assert here.refusal("/named/echo", origin=origin, Cookie=cookie) == 101
    for origin in ("https://b.example", "http://a.example", "https://a.example.evil.example"):
        assert here.refusal("/named/echo", origin=origin, Cookie=cookie) == 403


def test_an_origin_is_no_matter_where_nothing_is_upgraded(here: Streams, token: str) -> None:
    received = get(here.place, "/sockets/x", "Origin: http://evil.example", f"Authorization: {bearer(token)}")
    assert status(received) == 426  # the application's own


def ways_to_end(here: Streams) -> dict[str, tuple[str, Callable[[], object]]]:
    """Return, for each way to be thrown out: a credential that is good, and what ends that."""
    root = here.place.logged_in()

    def user(name: str) -> tuple[Visitor, str]:
        visitor = here.place.user(name)
        [row] = [row for row in root.get(f"/auth/users?login={name}").json["users"] if row["name"] == name]
        return visitor, str(row["id"])

    leaving, _ = user("leaving")
    remote, _ = user("remote")
    elsewhere = here.place.logged_in("remote", PASSWORD)
    disabled, disabled_id = user("disabled")
    deleted, deleted_id = user("deleted")
    forgot, forgot_id = user("forgot")
    holder, _ = user("holder")
    key = holder.post("/auth/keys", {"name": "k", "scopes": ["live", "sockets"]}).json

    def reset() -> None:
        link = root.post(f"/auth/users/{forgot_id}/reset").json["link"]
        chosen = {"token": link.partition("token=")[2], "new_password": "another horse battery"}
        assert here.place.visitor().post("/auth/password", chosen).status == 200

    def revoke_elsewhere() -> None:
        assert elsewhere.post("/auth/sessions", method="DELETE").status == 200

    return {
        "logout": (leaving.token, lambda: leaving.post("/auth/logout")),
        "session revoked": (remote.token, revoke_elsewhere),
        "user disabled": (disabled.token, lambda: root.post(f"/auth/users/{disabled_id}", {"disabled": True}, "PATCH")),
        "user deleted": (deleted.token, lambda: root.post(f"/auth/users/{deleted_id}", method="DELETE")),
        "password reset": (forgot.token, reset),
        "key revoked": (key["secret"], lambda: holder.post(f"/auth/keys/{key['key']['id']}", method="DELETE")),
    }


def test_streams_end_within_ten_seconds_when_their_caller_may_not_be_there(here: Streams, token: str) -> None:
    ways = ways_to_end(here)
    with contextlib.ExitStack() as stack:
        listeners = {name: here.listen(Authorization=bearer(good)) for name, (good, _) in ways.items()}
        listeners |= {f"{name}, undeclared": here.listen(Accept="*/*", Authorization=bearer(good))
                      for name, (good, _) in ways.items()}  # fmt: skip
        sockets = {
            name: stack.enter_context(here.socket(Authorization=bearer(good))) for name, (good, _) in ways.items()
        }
        staying, beside = (
            here.listen(Authorization=bearer(token)),
            stack.enter_context(here.socket(Authorization=bearer(token))),
        )
        began = {}
        for name, (_, end) in ways.items():
            end()
            began[name] = time.monotonic()
        with ThreadPoolExecutor(len(ways) * 3) as pool:
            heard = {name: pool.submit(over, listener.next) for name, listener in listeners.items()}
            echoed = {name: pool.submit(closed, connection) for name, connection in sockets.items()}
        for name in ways:
            assert heard[name].result() - began[name] < 10, name
            assert heard[f"{name}, undeclared"].result() - began[name] < 10, name
            assert echoed[name].result() - began[name] < 10, name
        here.events.send("still")
        assert staying.next() == "still"
        beside.send("still")
        assert beside.recv() == "still"
        staying.close()
    wait_for(lambda: here.events.open == 0 and not here.sockets.open)


def over(next_event: Callable[[], str]) -> float:
    while next_event():
        pass
    return time.monotonic()


def closed(connection: ClientConnection) -> float:
    with contextlib.suppress(ConnectionClosed):
        connection.recv(timeout=20)
        raise AssertionError("an echo of nothing")
    return time.monotonic()


def test_where_anybody_may_be_a_session_that_is_over_ends_its_streams_alone(here: Streams) -> None:
    ann = here.place.user("ann-maybe")
    hers = here.listen("/perhaps/events", Cookie=f"mergepoint={ann.token}")
    nobodys = here.listen("/perhaps/events")
    ann.post("/auth/logout")
    began = time.monotonic()
    assert over(hers.next) - began < 10
    here.events.send("open to all")
    assert nobodys.next() == "open to all"
    nobodys.close()


def test_a_stream_does_not_use_up_a_key(here: Streams) -> None:
    holder = here.place.user("rated")
    key = holder.post("/auth/keys", {"name": "k", "scopes": ["live"], "rate": 20}).json["secret"]
    stream = here.listen(Authorization=bearer(key))
    time.sleep(5)  # it is asked about at least once
    here.events.send("on")
    assert stream.next() == "on"
    # Two at once, of which the stream was one.
    assert here.place.request("GET", "/live/x", headers={"Authorization": bearer(key)}).status == 200
    stream.close()


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_a_stream_is_counted_once_of_a_keys_rate(here: Streams, accept: str) -> None:
    holder = here.place.user(f"rated-{len(accept)}")
    key = holder.post("/auth/keys", {"name": "k", "scopes": ["live"], "rate": 10}).json["secret"]
    stream = here.listen(Accept=accept, Authorization=bearer(key))  # of the one that it may have at once
    assert stream.status == 200
    stream.close()


def test_a_nobody_takes_no_place_from_who_is_known(here: Streams, token: str) -> None:
    """Of nobody there is nothing to ask again, so their streams need no place where places are counted."""
    before = here.events.open
    nobodys = [Socket(here, "/perhaps/events") for _ in range(510)]
    try:
        assert {one.status() for one in nobodys} == {200}
        assert here.listen(Authorization=bearer(token)).status == 200
    finally:
        for one in nobodys:
            one.close()
        wait_for(lambda: here.events.open <= before + 1, seconds=20)


def test_an_old_client_that_names_no_host_is_answered_alike(here: Streams, token: str) -> None:
    for accept in ("text/html", "*/*", "text/event-stream"):
        sent = f"GET /live/x HTTP/1.0\r\nAuthorization: {bearer(token)}\r\nAccept: {accept}\r\n\r\n"
        assert status(exchange(here.place, sent.encode())) == 200, accept
        assert here.events.requests[-1]["headers"]["Host"] == f"127.0.0.1:{here.place.port}"


def test_a_client_that_goes_away_is_noticed(here: Streams, token: str) -> None:
    stream = here.listen(Authorization=bearer(token))
    with here.socket(Authorization=bearer(token)) as connection:
        connection.socket.shutdown(socket.SHUT_RDWR)
        stream.close()
        wait_for(lambda: here.events.open == 0 or here.events.send("?"), seconds=5)  # type: ignore[func-returns-value]
        wait_for(lambda: not here.sockets.open, seconds=5)


def test_who_reads_slowly_slows_the_sender_down_and_loses_nothing(here: Streams, token: str) -> None:
    before = memory(here.relay)
    size, count = 100_000, 400
    with here.socket(Authorization=bearer(token)) as connection:
        wait_for(lambda: here.sockets.open)
        [server] = here.sockets.open
        sent = []

        def send() -> None:
            for number in range(count):
                server.send(bytes([number % 251]) * size)
                sent.append(number)

        sender = threading.Thread(target=send, daemon=True)
        connection.recv_bufsize = 4096
        sender.start()
        time.sleep(1)
        assert len(sent) < count  # 40 MB are nowhere on the way
        assert memory(here.relay) - before < 10 << 20
        for number in range(count):
            assert connection.recv() == bytes([number % 251]) * size
        sender.join(10)


def memory(pid: int) -> int:
    """Resident bytes."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_is_public_streams_while_auth_is_away_and_the_rest_is_refused(nginx_present: None) -> None:
    streams = Streams().start()
    try:
        token = streams.place.logged_in().token
        streams.place.stop_auth()
        stream = streams.listen("/free/events")
        streams.events.send("on")
        assert stream.next() == "on"
        assert streams.refusal("/loose/echo") == 101
        for path in ("/live/events", "/perhaps/events"):
            assert streams.listen(path, Authorization=bearer(token)).status == 503
        assert streams.refusal("/sockets/echo", Authorization=bearer(token)) == 503
        stream.close()
    finally:
        streams.stop()


def test_the_program_is_started_again_and_ends_with_its_service(nginx_present: None) -> None:
    streams = Streams().start()
    try:
        token = streams.place.logged_in().token
        first = streams.relay
        stream = streams.listen(Authorization=bearer(token))
        os.kill(first, signal.SIGKILL)
        assert stream.next() == ""  # not left to itself
        wait_for(lambda: streams.listen(Authorization=bearer(token)).status == 200, seconds=10)
        second = streams.relay
        assert second != first
        assert "companion ended" in streams.place.log.read_text()
        os.kill(streams.place.auth_pid, signal.SIGKILL)  # without a moment to end it
        wait_for(lambda: not os.path.exists(f"/proc/{second}"), seconds=5)
    finally:
        streams.stop()
