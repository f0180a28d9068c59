"""Hostile documents are answered within their deadline and 0.25 s, coarser if need be, and hurt nobody else."""

import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mergepoint.htmldiff.deadlines import LEAST_PART, LONGEST_DEADLINE, deadline
from mergepoint.kit.sandbox.time_limit import longest
from tests import attacks
from tests.long import some
from tests.servers import Connection, Gunicorn, Reply
from tests.stopwatch import Stopwatch

LARGE = 2 << 20
SMALL = LARGE // 12  # enough to be slow, and done sooner
CHANCE = random.Random(1)


def full(pattern: str, size: int = LARGE) -> str:
    return (pattern * (size // len(pattern) + 1))[:size].encode()[:size].decode(errors="ignore")


def two_words(count: int) -> str:
    return " ".join(CHANCE.choices(["foo", "bar"], k=count))


# Old, new, and what must come of it.
REFUSED = {
    "formatting that grows to 1.45 GB": (
        f"<p>{''.join(f'<b i={n}>' for n in range(400))}</p>{'<p>x</p>' * 10_000}", "x", "too_complex",
    ),
    "100,000 attributes": (f"<p {' '.join(f'a{n}' for n in range(100_000))}>", "x", "too_many_attributes"),
    "50,000 nested b": ("x", "<b>" * 50_000, "too_deep"),
    "tables in tables": (full("<table><tr><td>"), "x", "too_deep"),
}  # fmt: skip
ANSWERED = {
    "250,000 comments": ("<!--" * 250_000, "x"),
    "20,000 words of a vocabulary of two": (two_words(20_000), two_words(20_000)),
    "2 MB of them": (two_words(LARGE // 4), two_words(LARGE // 4)),
    "every paragraph another": (full("<p>x</p>"), full("<p>y</p>")),
    "nothing but ends": (full("</p>", SMALL), full("</br>", SMALL)),
    "tags that cross": (full("<i>x y</i> z ", SMALL), full("x <i>y z</i> ", SMALL)),
    "deep again and again": tuple(full("<div>" * depth + "x" + "</div>" * depth, SMALL) for depth in (250, 251)),
    "rows": (full("<table>" + "<tr><td>x<td>1" * 149_000), full("<table>" + "<tr><td>x<td>2" * 149_000)),
    "the other way round": (
        "".join(f"<p>p{n}</p>" for n in range(15_000)), "".join(f"<p>p{n}</p>" for n in range(15_000, 0, -1)),
    ),
    "blocks by chance": tuple("".join(f"<p>w{CHANCE.randrange(10**6)}" for _ in range(15_000)) for _ in "ab"),
    "words by chance": tuple(" ".join(f"w{CHANCE.randrange(10**6)}" for _ in range(200_000)) for _ in "ab"),
    "ampersands": (full("&", SMALL), full("&&<", SMALL)),
    "spaces": (full(" ", SMALL), full(" \n", SMALL)),
    "Thai without end": (full("ฉันชอบกินข้าวผัด", SMALL // 3), full("ฉันชอบข้าวกินผัด", SMALL // 3)),
    "one word of 2 MB": ("x" * LARGE, "x" * (LARGE - 1) + "y"),
    "9,000 links to judge": tuple(
        "".join(f"<a href='{scheme}:{n}'>x</a>" for n in range(9_000)) for scheme in ("javascript", "x")
    ),
}  # fmt: skip


ALWAYS = {"every paragraph another", "tags that cross", "deep again and again", "words by chance", "Thai without end"}


def ask(connection: Connection, old: str, new: str, call: str = "", **options: object) -> tuple[Stopwatch, Reply]:
    body = json.dumps({"old": old, "new": new, **options}, ensure_ascii=False).encode()
    with Stopwatch() as watch:
        reply = connection.request("POST", f"/htmldiff{call}", body, {"Content-Type": "application/json"})
    return watch, reply


@pytest.fixture
def connection(htmldiff_server: Gunicorn) -> Iterator[Connection]:
    connection = htmldiff_server.connect()
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def same_workers(htmldiff_server: Gunicorn) -> Iterator[None]:
    before = htmldiff_server.workers()
    yield
    assert htmldiff_server.workers() >= before  # the last may just have started


def in_time(connection: Connection, old: str, new: str, call: str = "", **options: object) -> Reply:
    """Ask, up to three times, since the machine may be shared."""
    for _ in range(3):
        watch, reply = ask(connection, old, new, call, **options)
        seconds = deadline(old, new)
        if attacks.in_time(watch, seconds, more=longest(LEAST_PART * seconds)):  # that is the last, coarser try
            return reply
    pytest.fail(f"took {watch.wall:.2f} s of {seconds:.2f} on a machine {watch.slowness:.1f} times as slow")


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_parser_should_see_is_refused_at_once(connection: Connection, name: str) -> None:
    old, new, code = REFUSED[name]
    took = []
    for _ in range(3):  # the machine may be shared
        watch, reply = ask(connection, old, new)
        assert (reply.status, reply.json["code"]) == (422, code)
        took.append(watch.seconds)
        if took[-1] < 1:
            return
    pytest.fail(f"it took {took} s")


@pytest.mark.parametrize("name", some(ANSWERED, always=ALWAYS))
def test_the_rest_is_answered_in_time(connection: Connection, name: str) -> None:
    old, new = ANSWERED[name]
    reply = in_time(connection, old, new, markup="full")
    assert reply.status == 200 or reply.json["code"] == "too_complex", reply.body
    if degraded := reply.headers["Mergepoint-Degraded"]:
        assert degraded in ("deadline", "memory", "nodes", "size")
        assert reply.headers["Cache-Control"] == "no-store"


def test_strictly_it_is_an_error_in_time(connection: Connection) -> None:
    old, new = ANSWERED["every paragraph another"]
    reply = in_time(connection, old, new, strict=True)
    assert reply.status == 422
    assert reply.json["code"] in ("deadline_exceeded", "memory_exceeded", "too_complex")


def test_so_it_is_for_applying(connection: Connection) -> None:
    old, new = ANSWERED["every paragraph another"]
    reply = in_time(connection, old, new, "/apply", accept=[1])
    assert reply.status == 422
    assert reply.json["code"] in ("deadline_exceeded", "memory_exceeded", "too_complex")


def test_others_hardly_notice(htmldiff_server: Gunicorn, connection: Connection) -> None:
    """Four attackers, and one who wants to know what changed on a page."""
    stop, begun = threading.Event(), threading.Semaphore(0)

    def attack() -> None:
        attacker = htmldiff_server.connect()
        while not stop.is_set():
            begun.release()
            ask(attacker, *ANSWERED["tags that cross"])
        attacker.close()

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(attack) for _ in range(4)]
        try:
            for _ in running:
                assert begun.acquire(timeout=60)
            took = sorted(ask(connection, f"<p>a {n}</p>" * 50, f"<p>b {n}</p>" * 50)[0].seconds for n in range(20))
            assert not any(attack.done() for attack in running)
        finally:
            stop.set()
        for attack in running:
            attack.result()
    assert took[len(took) // 2] < LONGEST_DEADLINE / 10
