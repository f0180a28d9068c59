"""Hostile text over ZeroMQ: the deadlines, limits and degraded answers of the HTTP face (tests/highlight)."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pygments
import pytest
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.special import TextLexer

from tests.attacks import GRACE, PATIENCE, SLOW, Seen, deadline, new_texts, repetitions, wait_until_quiet
from tests.highlight.test_hostile import LANGUAGES, TEXT_FORMATS
from tests.kit.zeromq.programs import Folder, Peer, Program, Reply
from tests.stopwatch import Stopwatch

SMALL = [(language, text) for language, text in SLOW if len(text) < 100]


def plain(text: str) -> bytes:
    html: str = pygments.highlight(text, TextLexer(stripnl=False), HtmlFormatter())
    return html.encode()


def highlight(peer: Peer, language: str, text: str, **options: object) -> Reply:
    return peer.ask("highlight", [text.encode()], options={"language": language, **options})


def degraded(reply: Reply) -> bool:
    return reply.header.get("meta", {}).get("Mergepoint-Degraded") == "deadline"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param(*sent, id=f"{sent[0]}-{len(sent[1])}", marks=[pytest.mark.long] * (sent not in SMALL[:2]))
        for sent in SLOW
    ],
)
def test_each_slow_input_is_degraded_in_time(peer: Peer, language: str, text: str) -> None:
    with Stopwatch() as watch:
        reply = highlight(peer, language, text)
    assert degraded(reply)
    assert reply.body == plain(text)
    assert reply.header["meta"]["Mergepoint-Plaintext"] == "1"
    assert watch.wall < PATIENCE
    assert watch.busy or watch.wall < deadline(text) + GRACE


@pytest.mark.long
@pytest.mark.parametrize("form", TEXT_FORMATS)
@pytest.mark.parametrize(("language", "text"), SMALL, ids=[language for language, _ in SMALL])
def test_plain_text_is_in_the_format_asked_for(peer: Peer, language: str, text: str, form: str) -> None:
    options = {"format": form, "linenos": "inline", "style": "monokai"}
    reply, wanted = highlight(peer, language, text, **options), highlight(peer, "text", text, **options)
    assert degraded(reply)
    assert (reply.body, reply.header["type"]) == (wanted.body, wanted.header["type"])


@pytest.mark.parametrize("options", [{"strict": 1}, {"strict": 1, "format": "json"}, {"format": "png"}])
@pytest.mark.parametrize(
    ("language", "text"), [pytest.param(*sent, marks=[pytest.mark.long] * (sent != SMALL[0])) for sent in SMALL]
)
def test_strict_or_without_a_fallback_it_is_an_error(
    peer: Peer, language: str, text: str, options: dict[str, object]
) -> None:
    problem = highlight(peer, language, text, **options).header["problem"]
    assert (problem["status"], problem["code"]) == (422, "deadline_exceeded")


@pytest.mark.long
def test_every_lexer_is_answered_whatever_the_shape(peer: Peer) -> None:
    slow = 0
    for shape in repetitions(1024).values():
        for language in LANGUAGES[::15]:
            reply = highlight(peer, language, shape)
            assert reply.code is None, (language, shape[:20], reply.header)
            slow += degraded(reply)
            assert not degraded(reply) or reply.body == plain(shape)
    assert slow  # some hit their deadlines


@pytest.mark.parametrize("name", repetitions(0))
@pytest.mark.long
def test_a_guess_has_a_deadline_too(peer: Peer, name: str) -> None:
    assert peer.ask("guess", [repetitions(4096)[name].encode()]).code is None


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Callable[[float], tuple[Seen, int]]]:
    """Return a function that lets one client send all slow inputs without pause while another works."""
    folder = Folder()
    program = Program(tmp_path, "serve", "highlight", "--bind", folder.address("h"))
    yield lambda seconds: under_attack(folder.address("h"), seconds)
    program.end()
    folder.remove()


def under_attack(address: str, seconds: float) -> tuple[Seen, int]:
    stop, hostile = threading.Event(), 0

    def attack() -> None:
        nonlocal hostile
        with Peer(address) as attacker:
            for number, (language, text) in enumerate(itertools.cycle(SLOW)):
                attacker.send("highlight", [text.encode()], options={"language": language})
                if number >= 40:  # so many wait at any time
                    assert attacker.read(60)
                    hostile += 1
                if stop.is_set():
                    return

    thread = threading.Thread(target=attack)
    thread.start()
    seen = Seen()
    with Peer(address) as peer, Stopwatch() as watch:
        ends = time.monotonic() + seconds
        for text in new_texts():
            if time.monotonic() > ends:
                break
            began = time.monotonic()
            reply = highlight(peer, "python", text)
            seen.took.append(time.monotonic() - began)
            seen.refused += [reply.code] if reply.code else []
            seen.degraded += degraded(reply)
            time.sleep(0.02)
    stop.set()
    thread.join()
    seen.slowness = watch.slowness
    return seen, hostile


@pytest.mark.long
def test_others_hardly_notice_a_client_that_sends_hostile_text(attacked: Callable[[float], tuple[Seen, int]]) -> None:
    best = None
    for _ in range(3):
        wait_until_quiet(seconds=5)
        seen, hostile = attacked(10)
        assert hostile > 2
        print(seen, hostile)
        if seen.as_promised():
            return
        best = seen
    raise AssertionError(str(best))
