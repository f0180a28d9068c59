"""The clients over ZeroMQ: lost servers, second answers, time limits, forks, threads. The server here does as the test
says.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq

from mergepoint.client import ConnectionFailed, InvalidRequest, InvalidResponse, ResponseTooLarge, Timeout, Unavailable
from mergepoint.client.zeromq import Client
from tests.kit.zeromq.programs import Folder
from tests.servers import ROOT, need, wait_for
from tests.stopwatch import Stopwatch

RUBY = ROOT / "clients/ruby"
Frames = list[bytes]


class Stub:
    """A ROUTER at *address* that answers each request with what *behave* makes of it: any number of messages."""

    def __init__(self, address: str, behave: Callable[[dict[str, object], Frames], list[Frames]]) -> None:
        self.asked: list[dict[str, object]] = []
        self._behave, self._stop = behave, threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.bind(address)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(20):
                client, header, *contents = self._socket.recv_multipart()
                self.asked.append(json.loads(header))
                for frames in self._behave(self.asked[-1], contents):
                    self._socket.send_multipart([client, *frames])

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
        self._context.term()


def answer(id: object, text: str) -> Frames:
    header = {"v": 1, "id": id, "type": "text/html", "meta": {"Mergepoint-Language": "text"}}
    return [json.dumps(header).encode(), text.encode()]


def refusal(id: object, code: str, status: int) -> Frames:
    return [json.dumps({"v": 1, "id": id, "problem": {"code": code, "status": status, "detail": "why"}}).encode()]


@pytest.fixture
def address() -> Iterator[str]:
    folder = Folder()
    yield folder.address("s")
    folder.remove()


@pytest.fixture
def stub(address: str) -> Iterator[Callable[..., Stub]]:
    stubs: list[Stub] = []

    def stub(behave: Callable[[dict[str, object], Frames], list[Frames]]) -> Stub:
        stubs.append(Stub(address, behave))
        return stubs[-1]

    yield stub
    for each in stubs:
        each.close()


def test_a_message_that_is_lost_is_sent_again_and_a_second_answer_is_passed_over(address, stub):
    def deaf_at_first(header, contents):
        if len(server.asked) == 1:
            return []
        return [answer("another's", "no"), answer(header["id"], contents[0].decode()), answer(header["id"], "late")]

    server = stub(deaf_at_first)
    with Client(address) as client:
        assert client.highlight("one") == "one"
        assert client.highlight("two") == "two"
    first, second, third = (header["id"] for header in server.asked)
    assert first == second != third


def test_a_call_says_how_long_it_waits_and_who_it_is(address, stub):
    server = stub(lambda header, contents: [answer(header["id"], "x")])
    with Client(address, timeout=7) as client:
        result = client.highlight("x", "text")
    [header] = server.asked
    assert 6000 < header["deadline_ms"] <= 7000
    assert header["request_id"] == result.request_id
    assert (header["task"], header["options"]) == ("highlight/highlight", {"language": "text"})


def test_without_a_server_a_call_fails_within_the_time_to_connect(address):
    with Client(address, connect_timeout=0.2, retries=0) as client:
        with Stopwatch() as watch, pytest.raises(ConnectionFailed, match="there is no server"):
            client.languages()
        assert watch.seconds < 1


@pytest.mark.parametrize("address", ["ipc:///" + "x" * 200, "tcp://no.such.host.invalid:5570", "tcp://127.0.0.1:99999"])
def test_what_libzmq_cannot_connect_to_is_a_failed_connection(address):
    with Client(address, connect_timeout=0.2, retries=0) as client, pytest.raises(ConnectionFailed):
        client.languages()


def test_a_server_that_never_answers_is_a_timeout_of_the_whole_call(address, stub):
    stub(lambda header, contents: [])
    with Client(address, timeout=0.5) as client:
        with Stopwatch() as watch, pytest.raises(Timeout):
            client.languages()
        assert watch.wall > 0.4
        assert watch.seconds < 1.5


def test_a_server_that_is_overloaded_is_tried_again(address, stub):
    def busy_at_first(header, contents):
        busy = len(server.asked) < 3
        return [refusal(header["id"], "overloaded", 503) if busy else answer(header["id"], "x")]

    server = stub(busy_at_first)
    with Client(address) as client:
        assert client.highlight("x") == "x"
        assert len({header["id"] for header in server.asked}) == 3
        assert len({header["request_id"] for header in server.asked}) == 1


def test_and_if_it_stays_so_the_problem_is_raised(address, stub):
    stub(lambda header, contents: [refusal(header["id"], "unavailable", 503)])
    with Client(address, retries=1) as client, pytest.raises(Unavailable, match=r"why \(503 unavailable\)"):
        client.highlight("x")


@pytest.mark.parametrize(
    "frames",
    [[], [b"x"], [b"x", b"y"], "no type"],
    ids=["no body", "no body but one frame", "two bodies", "no type"],
)
def test_what_is_no_answer_is_told(address, stub, frames):
    def wrong(header, contents):
        header = {"v": 1, "id": header["id"], "type": "text/html"}
        return [[json.dumps(header).encode(), *(frames if isinstance(frames, list) else [b"x"])]]

    stub(wrong)
    with Client(address) as client, pytest.raises(InvalidResponse):
        client.highlight("x")


def test_an_answer_is_no_longer_than_allowed(address, stub):
    stub(lambda header, contents: [answer(header["id"], "x" * 2000)])
    with Client(address, max_response_bytes=1000) as client, pytest.raises(ResponseTooLarge):
        client.highlight("x")


def test_a_call_that_only_http_has_says_so(address):
    with Client(address) as client, pytest.raises(InvalidRequest, match="not to be had over ZeroMQ"):
        client.auth.me()


@pytest.mark.parametrize("address", ["", "http://x", "ipc://x", "tcp://x", "tcp://x:1:2", "inproc://x"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="address must be like"):
        Client(address)


@pytest.mark.parametrize("keys", [{"secret_key": "x" * 40}, {"server_key": "x" * 40},
                                  {"secret_key": "short", "server_key": "x" * 40}])  # fmt: skip
def test_keys_belong_together(keys):
    with pytest.raises(ValueError, match="belong together"):
        Client("ipc:///x", **keys)


def test_eight_threads_never_get_anothers_answer(address, stub):
    stub(lambda header, contents: [answer(header["id"], contents[0].decode())])
    with Client(address, timeout=60) as client, ThreadPoolExecutor(8) as pool:
        texts = [f"{number}" for number in range(400)]
        assert list(pool.map(client.highlight, texts)) == texts


def test_a_forked_client_never_gets_anothers_answer(address, stub):
    stub(lambda header, contents: [answer(header["id"], contents[0].decode())])
    script = """
import os, sys
from mergepoint.client.zeromq import Client
client = Client(sys.argv[1], timeout=60)
assert client.highlight("before") == "before"
children = []
for number in range(4):
    if (child := os.fork()) == 0:
        for count in range(25):
            assert client.highlight(f"{number} {count}") == f"{number} {count}"
        if number % 2:
            sys.exit()
        os._exit(0)
    children.append(child)
for count in range(25):
    assert client.highlight(f"parent {count}") == f"parent {count}"
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
assert client.highlight("after") == "after"
"""
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_forgets_to_close_its_client_ends_all_the_same(address, stub):
    stub(lambda header, contents: [answer(header["id"], "x")])
    script = "import sys; from mergepoint.client.zeromq import Client; print(Client(sys.argv[1]).highlight('x'))"
    done = subprocess.run([sys.executable, "-c", script, address], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\n", "")


def test_no_descriptor_is_left_over(address, stub):
    stub(lambda header, contents: [answer(header["id"], "x")])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        client = Client(address)
        client.highlight("x")
        client.close()
        del client
    wait_for(lambda: len(os.listdir("/proc/self/fd")) <= before)  # the stub's own are closed a little later


@pytest.mark.parametrize(
    ("script", "package"),
    [
        ("import sys; sys.modules['zmq'] = None; import mergepoint.client.zeromq", "mergepoint-client[zeromq]"),
        ("import sys, runpy; sys.modules['zmq'] = None; runpy.run_module('mergepoint.kit.zeromq', run_name='__main__')",
         "pip install pyzmq"),
    ],
    ids=["client", "server"],
)  # fmt: skip
def test_where_pyzmq_is_missing_the_error_names_the_package(script, package):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 78)
    assert package in done.stderr


def test_where_rubys_binding_is_missing_the_error_names_the_package(tmp_path: Path):
    need("ruby")
    (tmp_path / "ffi-rzmq.rb").write_text("raise LoadError, 'cannot load such file'")
    command = ["ruby", f"-I{tmp_path}", f"-I{RUBY / 'lib'}", "-e", "require 'mergepoint/zeromq'"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "ruby-ffi-rzmq" in done.stderr


RUBYS = """
require "mergepoint/zeromq"
require "timeout"

def error(client = $client)
  yield client
rescue Mergepoint::Error => e
  e
end

address, nowhere = ARGV
$client = Mergepoint::ZeroMQ.new(address, timeout: 20)
puts $client.highlight("lost") == "lost" # sent again after a second; the answers of others and second ones pass by
puts $client.highlight("next") == "next"
threads = 8.times.map { |n| Thread.new { 25.times.all? { |i| $client.highlight("#{n} #{i}") == "#{n} #{i}" } } }
puts threads.all?(&:value)
child = fork { exit!(25.times.all? { |i| $client.highlight("child #{i}") == "child #{i}" } ? 0 : 1) }
puts 25.times.all? { |i| $client.highlight("parent #{i}") == "parent #{i}" }
puts Process.wait2(child).last.success?
puts error(Mergepoint::ZeroMQ.new(nowhere, connect_timeout: 0.2, retries: 0)) { _1.languages }.class
puts error(Mergepoint::ZeroMQ.new(address, timeout: 0.5)) { _1.highlight("never") }.class
puts error { _1.highlight("refused") }.then { [_1.class, _1.code, _1.status].join(" ") }
puts error { _1.auth.me }.code
puts error(Mergepoint::ZeroMQ.new(address, max_response_bytes: 100)) { _1.highlight("x" * 200) }.class
wrong = [["http://x", {}], ["ipc:///x", { secret_key: "x" }]]
puts wrong.map { |at, keys| Mergepoint::ZeroMQ.new(at, **keys) && nil rescue $!.class }.uniq
begin
  Timeout.timeout(0.3) { $client.highlight("never") }
rescue Timeout::Error
  puts $client.highlight("after") == "after"
end
"""


def test_the_ruby_client_does_the_same(address, stub):
    need("ruby")

    def behave(header, contents):
        text = contents[0].decode()
        seen.append(text)
        if text == "never" or (text == "lost" and seen.count(text) == 1):
            return []
        if text == "refused":
            return [refusal(header["id"], "unknown_language", 422)]
        return [answer("another's", "no"), answer(header["id"], text), answer(header["id"], "late")]

    seen: list[str] = []
    stub(behave)
    command = ["ruby", "-W0", f"-I{RUBY / 'lib'}", "-e", RUBYS, address, f"{address}-none"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n") == [
        *["true"] * 5,
        "Mergepoint::ConnectionFailed",
        "Mergepoint::Timeout",
        "Mergepoint::UnknownLanguage unknown_language 422",
        "unknown_task",
        "Mergepoint::ResponseTooLarge",
        "ArgumentError",
        "true",
        "",
    ]
    assert time.monotonic() - began < 50
