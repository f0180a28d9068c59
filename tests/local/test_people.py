"""Lines for a person at a terminal."""

import json

import pytest
from runner.output.budget import SHOWN
from runner.output.people import People


def shown(people: People, *said: object, service: str = "auth") -> list[str]:
    chunk = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in said)
    return people.lines(service, chunk).decode().splitlines()


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("NO_COLOR", "1")
    return People("our-own-request")


REQUEST = {
    "time": "2026-11-30T12:03:51+00:00", "request_id": "abc", "client": "127.0.0.1", "method": "POST",
    "path": "/highlight", "status": 200, "cache": "HIT", "bytes_in": 120, "bytes_out": 1900, "seconds": 0.004,
}  # fmt: skip


def test_a_line_has_time_level_service_event_and_fields(people: People) -> None:
    said = {"timestamp": "2026-11-30T12:03:44.5Z", "level": "warning", "service": "auth", "event": "database",
            "detail": "a b", "code": 7}  # fmt: skip
    assert shown(people, said) == ['12:03:44  warning  auth       database  detail="a b"  code=7']


def test_a_request_has_its_status_for_a_level(people: People) -> None:
    [line] = shown(people, REQUEST, service="nginx")
    assert line.split() == ["12:03:51", "200", "nginx", "POST", "/highlight", "HIT", "4", "ms", "1.9", "KB"]


def test_columns_are_below_each_other(people: People) -> None:
    lines = shown(
        people, REQUEST, REQUEST | {"method": "GET", "path": "/", "seconds": 12, "status": 503}, service="nginx"
    )
    assert len({line.index(" ms") for line in lines}) == 1
    assert lines[1].endswith("request_id=abc")  # what one needs to find out more


def test_an_exception_stands_below(people: People) -> None:
    said = {"event": "error", "service": "auth", "exception": "Traceback:\n  File x\nOSError"}
    assert [line.strip() for line in shown(people, said)[1:]] == ["Traceback:", "File x", "OSError"]


def test_plain_text_is_shown_as_it_is(people: People) -> None:
    assert shown(people, b"a word\n")[0].endswith("auth       a word")


@pytest.mark.parametrize("path", ["/\33[2J", "/\x9b31m", "/\a", "/\u202e"])
def test_nothing_that_a_terminal_obeys_is_passed_on(people: People, path: str) -> None:
    for said in (REQUEST | {"path": path}, {"event": path, "service": path, "x": path}, path.encode() + b"\n"):
        assert all(line.isprintable() for line in shown(people, said))


def test_what_is_usual_is_not_shown_while_quiet(people: People) -> None:
    people.quiet = True
    said = [{"event": level, "level": level} for level in ("debug", "info", "warning", "error")]
    assert [line.split()[-1] for line in shown(people, *said, REQUEST, b"text\n")] == ["warning", "error", "text"]


def test_our_own_requests_are_not_shown(people: People) -> None:
    assert not shown(people, REQUEST | {"request_id": "our-own-request"})


def test_more_than_a_person_reads_is_counted(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert len(shown(people, *[REQUEST] * 5000)) == SHOWN
    assert len(shown(people, REQUEST, service="thumbnail")) == 1  # another program's are not drowned
    now[0] += 1
    told, line = shown(people, REQUEST)
    assert told.endswith(f"{5000 - SHOWN:,} more lines are not shown")
    assert "/highlight" in line
