"""Hostile text hangs nothing: every lexer answers in time, degraded to plain text, and others hardly notice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pygments
import pytest
from _pytest.mark import ParameterSet
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_all_lexers
from pygments.lexers.special import TextLexer

from tests.attacks import (
    GRACE,
    SLOW,
    Input,
    ask,
    best_of_rounds,
    check_in_time,
    deadline,
    guessed_in_time,
    repetitions,
)
from tests.servers import Connection, Gunicorn, Reply
from tests.stopwatch import Stopwatch

LANGUAGES = sorted({name for name, *_ in get_all_lexers()})  # a plug-in may have a name twice
TEXT_FORMATS = ["html", "svg", "latex", "rtf", "bbcode", "terminal", "terminal256", "terminal16m", "json"]
SMALL = [(language, text) for language, text in SLOW if len(text) < 100]
# Which inputs are slowest at 1 KB is found out first; of so many of them one is then sent with four times the text.
SLOWEST_SHARE = 75


@pytest.fixture
def connection(highlight_server: Gunicorn) -> Iterator[Connection]:
    connection = highlight_server.connect()
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def same_workers(highlight_server: Gunicorn) -> Iterator[None]:
    before = highlight_server.workers()
    yield
    assert highlight_server.workers() == before


def plain(text: str) -> bytes:
    html: str = pygments.highlight(text, TextLexer(stripnl=False), HtmlFormatter())
    return html.encode()


def degraded(reply: Reply) -> bool:
    return reply.headers["Mergepoint-Degraded"] == "deadline"


class Siege:
    """Sends many inputs over four connections and keeps how each was answered."""

    def __init__(self, server: Gunicorn, inputs: list[Input]) -> None:
        self.answers: dict[Input, tuple[float, Reply]] = {}
        self.sent = len(inputs)
        self._server = server
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._send, (inputs[start::4] for start in range(4))))

    def _send(self, inputs: list[Input]) -> None:
        connection = self._server.connect()
        for language, text in inputs:
            self.answers[language, text] = ask(connection, language, text)
        connection.close()

    def slowest(self) -> list[Input]:
        return sorted(self.answers, key=lambda sent: -self.answers[sent][0])

    def degraded(self) -> list[Input]:
        return [sent for sent, (_, reply) in self.answers.items() if degraded(reply)]

    def check(self, connection: Connection) -> None:
        for sent, (took, reply) in self.answers.items():
            assert reply.status == 200, (sent, reply.body)
            if degraded(reply):
                check_plain(sent, reply)
            if took > deadline(sent[1]) + GRACE:
                check_in_time(connection, *sent)


def check_plain(sent: Input, reply: Reply) -> None:
    assert reply.body == plain(sent[1]), sent
    assert reply.headers["Mergepoint-Plaintext"] == "1"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["ETag"] is None


@pytest.fixture(scope="module", params=[15, pytest.param(1, marks=pytest.mark.long)], ids=["some", "all"])
def siege(request: pytest.FixtureRequest, highlight_server: Gunicorn) -> Siege:
    """Every lexer, or some, and every shape."""
    shapes, languages = repetitions(1024).values(), LANGUAGES[:: request.param]
    return Siege(highlight_server, [(language, text) for text in shapes for language in languages])


class TestEveryLexer:
    def test_is_answered_in_time_whatever_the_shape(self, siege: Siege, connection: Connection) -> None:
        assert len(siege.answers) == siege.sent
        siege.check(connection)

    def test_some_shapes_of_1_kb_hit_their_deadlines(self, siege: Siege) -> None:
        assert len({language for language, _ in siege.degraded()}) >= siege.sent // (40 * len(repetitions(1024)))

    @pytest.mark.long
    def test_the_slowest_shapes_are_answered_in_time_at_4_kb(
        self, siege: Siege, highlight_server: Gunicorn, connection: Connection
    ) -> None:
        larger = dict(zip(repetitions(1024).values(), repetitions(4096).values(), strict=True))
        inputs = [(language, larger[text]) for language, text in siege.slowest()[: siege.sent // SLOWEST_SHARE]]
        again = Siege(highlight_server, inputs)
        again.check(connection)
        assert len(again.degraded()) >= again.sent // 4


def marked_if_long() -> list[ParameterSet]:
    """Return SLOW as parameters: those that take seconds are for `make test-long`."""
    return [
        pytest.param(language, text, id=f"{language}-{len(text)}", marks=[pytest.mark.long] * (len(text) > 100_000))
        for language, text in SLOW
    ]


class TestSlowInputs:
    """Inputs from 4 bytes to 512 KB that are known to take longer than they may."""

    def test_they_are_of_4_bytes_to_512_kb(self) -> None:
        assert min(len(text) for _, text in SLOW) == 4
        assert max(len(text) for _, text in SLOW) == 512 * 1024

    @pytest.mark.parametrize(("language", "text"), marked_if_long())
    def test_each_is_degraded_in_time(self, connection: Connection, language: str, text: str) -> None:
        took, reply = ask(connection, language, text)
        assert reply.status == 200
        assert degraded(reply)
        check_plain((language, text), reply)
        if took > deadline(text) + GRACE:
            check_in_time(connection, language, text)

    @pytest.mark.parametrize("form", TEXT_FORMATS)
    @pytest.mark.parametrize(("language", "text"), SMALL, ids=[language for language, _ in SMALL])
    def test_plain_text_is_in_the_format_asked_for(
        self, connection: Connection, language: str, text: str, form: str
    ) -> None:
        options = f"&format={form}&linenos=inline&style=monokai"
        _, reply = ask(connection, language, text, options)
        _, wanted = ask(connection, "text", text, options)
        assert degraded(reply)
        assert reply.body == wanted.body
        assert reply.headers["Content-Type"] == wanted.headers["Content-Type"]

    @pytest.mark.parametrize("options", ["&strict=1", "&strict=1&format=json", "&format=png"])
    @pytest.mark.parametrize(("language", "text"), SMALL, ids=[language for language, _ in SMALL])
    def test_strict_or_without_a_fallback_it_is_an_error(
        self, connection: Connection, language: str, text: str, options: str
    ) -> None:
        _, reply = ask(connection, language, text, options)
        assert (reply.status, reply.json["code"]) == (422, "deadline_exceeded")
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["Cache-Control"] == "no-store"

    def test_a_guessed_language_is_no_way_around(self, connection: Connection) -> None:
        text = "# vim: ft=mcschema\n<!--"
        reply = connection.request("POST", "/highlight", text.encode())
        assert degraded(reply)
        assert reply.body == plain(text)

    def test_a_file_name_is_no_way_around(self, connection: Connection) -> None:
        reply = connection.request("POST", f"/highlight?filename={quote('a.mcschema')}", b"<!--")
        assert degraded(reply)


@pytest.mark.parametrize("name", repetitions(0))
def test_a_guess_takes_at_most_four_tenths_of_a_second(connection: Connection, name: str) -> None:
    """The best of some rounds, since the machine may be shared."""
    text = repetitions(4096)[name]
    assert any(guess_in_time(connection, text) for _ in range(4))


def guess_in_time(connection: Connection, text: str) -> bool:
    with Stopwatch() as watch:
        assert connection.request("POST", "/highlight/guess", text.encode()).status == 200
    return guessed_in_time(watch)


@pytest.mark.long  # tests/live has the same through nginx
def test_a_well_behaved_client_hardly_notices_four_attackers(highlight_server: Gunicorn) -> None:
    seen = best_of_rounds(highlight_server.port)
    assert seen.as_promised(), str(seen)
