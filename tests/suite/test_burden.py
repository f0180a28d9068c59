"""What much work, and hostile work, leaves behind in one process: nothing."""

import itertools
import json
import os
import pathlib
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attacks import SLOW
from tests.htmldiff.test_hostile import ANSWERED
from tests.servers import Connection, Reply, wait_for
from tests.stopwatch import Stopwatch
from tests.suite.running import Command
from tests.thumbnail import pictures

TEXT, JSON, PNG = ({"Content-Type": kind} for kind in ("text/plain", "application/json", "image/png"))
SMALL = pictures.file(pictures.flag(64, 48), "PNG")
LARGE = pictures.file(pictures.photograph(640, 480))
SLOW_PICTURE = "/thumbnail?width=4000&format=avif&upscale=1&max_bytes=100"
Ask = Callable[[Connection, int], Reply]


@pytest.fixture(scope="module")
def here() -> Iterator[Command]:
    command = Command("--mount", "/toys=tests.suite.toys:application").start()
    yield command
    command.stop()


def calls(number: int) -> dict[str, Ask]:
    """Small requests of every service and of another application; none is the same twice."""
    pair = json.dumps({"old": f"<p>a {number}</p>", "new": f"<p>b {number}</p>"}).encode()
    return {
        "text": lambda to, n: to.request("POST", "/highlight?language=python", b"x = %d\n" % n, TEXT),
        "document": lambda to, n: to.request("POST", "/htmldiff", pair, JSON),
        "picture": lambda to, n: to.request("POST", f"/thumbnail?width={n % 40 + 8}", SMALL, PNG),
        "user": lambda to, n: to.request("GET", "/auth/me"),
        "application": lambda to, n: to.request("GET", f"/toys/{n}"),
        "head": lambda to, n: to.request("HEAD", "/toys/x"),
        "error": lambda to, n: to.request("GET", ("/toys/before", "/toys/within", "/nothing", "/jobs")[n % 4]),
        "file": lambda to, n: to.request("GET", "/auth/static/pages.css"),
        "file's head": lambda to, n: to.request("HEAD", "/auth/static/pages.css"),
    }


def held(command: Command) -> tuple[int, int]:
    """How many files the server's processes have open, and how many processes there are, once it rests."""
    seen = [(-1, -1)]

    def rests() -> bool:
        time.sleep(0.3)
        pids = command.processes()
        files = sum(len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())) for pid in command.workers())
        seen.append((files, len(pids)))
        return seen[-1] == seen[-2]

    wait_for(rests, seconds=30)
    return seen[-1]


def send(command: Command, count: int) -> None:
    """Send *count* requests over eight connections at once."""

    def run(first: int) -> None:
        connection = Connection(command.port, timeout=60)
        ways = itertools.cycle(calls(first).values())
        for number in range(first, count, 8):
            reply = next(ways)(connection, number)
            assert reply.status < 500 or reply.json["code"] == "internal_error", reply.body
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))


@pytest.mark.long
def test_10000_requests_leave_as_much_open_as_100(here: Command) -> None:
    send(here, 100)
    files, processes = held(here)
    send(here, 10_000)
    files_then, processes_then = held(here)
    assert files_then <= files + 2
    assert processes_then <= processes


@pytest.mark.long
def test_hostile_input_of_every_kind_at_once_slows_others_little_and_kills_nobody(here: Command) -> None:
    send(here, 40)
    time.sleep(3)  # sandboxes go on preparing after their first answers
    zygotes = {pid for pid in here.processes() if os.getpgid(pid) == pid}
    servers = here.workers() | zygotes | {here.process.pid}
    stop = threading.Event()
    attacks: list[Callable[[Connection], Reply]] = [
        lambda to: to.request("POST", f"/highlight?language={SLOW[0][0]}", SLOW[0][1].encode(), TEXT),
        lambda to: to.request(
            "POST", "/htmldiff", json.dumps(dict(zip(("old", "new"), words, strict=True))).encode(), JSON
        ),
        lambda to: to.request("POST", SLOW_PICTURE, LARGE, {"Content-Type": "image/jpeg"}),
    ]
    words = ANSWERED["words by chance"]
    answers: list[Reply] = []

    def attack(send: Callable[[Connection], Reply]) -> None:
        connection = Connection(here.port, timeout=60)
        while not stop.is_set():
            answers.append(send(connection))
        connection.close()

    took: dict[str, list[float]] = {name: [] for name in ("text", "document", "picture", "user", "application")}
    with ThreadPoolExecutor(3) as pool, Stopwatch() as watch:
        running = [pool.submit(attack, each) for each in attacks]
        connection = Connection(here.port, timeout=60)
        ends = time.monotonic() + 20
        for number in itertools.count(1):
            if time.monotonic() > ends:
                break
            for name, ask in calls(number).items():
                if name in took:
                    began = time.perf_counter()
                    reply = ask(connection, number)
                    took[name].append(time.perf_counter() - began)
                    assert reply.status == 200, reply.body
        connection.close()
        stop.set()
        for each in running:
            each.result()
    every = [seconds for each in took.values() for seconds in each]
    p99 = statistics.quantiles(every, n=100, method="inclusive")[98]
    assert p99 / watch.slowness < 1, (p99, watch.slowness, {name: max(each) for name, each in took.items()})
    assert all(reply.status in (200, 422, 503) for reply in answers)
    assert any(reply.headers["Mergepoint-Degraded"] for reply in answers)
    zygotes_then = {pid for pid in here.processes() if os.getpgid(pid) == pid}
    assert here.workers() | zygotes_then | {here.process.pid} == servers
