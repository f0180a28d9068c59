"""What programs write is passed on: whole lines, JSON to a program, and nobody waits for a slow reader."""

import contextlib
import json
import os
import pathlib
import select
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from runner.output.logs import Logs
from runner.output.stream import ROOM

from tests.servers import wait_for

LINE = b'{"event":"' + b"x" * 1000 + b'"}\n'


@contextlib.contextmanager
def writing(out: int, errors: int | None = None) -> Iterator[tuple[Logs, int, int]]:
    """Yield logs that go to *out* and *errors*, and two pipes that a program called toy writes to."""
    logs = Logs(out, out if errors is None else errors)
    with logs.pipes("toy") as (output, complaints):
        yield logs, output, complaints
    logs.close()


def lines(path: pathlib.Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def file(tmp_path: pathlib.Path) -> Iterator[int]:
    with (tmp_path / "log").open("wb") as opened:
        yield opened.fileno()


@pytest.fixture
def log(tmp_path: pathlib.Path, file: int) -> pathlib.Path:
    return tmp_path / "log"


def test_json_passes_as_it_is_and_text_becomes_json(file: int, log: pathlib.Path) -> None:
    with writing(file) as (_, output, errors):
        os.write(output, b'{"event": "one"}\n')
        wait_for(lambda: len(lines(log)) == 1)
        os.write(errors, b"two\n\n2026/01/02 03:04:05 [emerg] 12#34: three\n{four\n")
    first, second, third, fourth = lines(log)
    assert log.read_text().startswith('{"event": "one"}\n')
    assert first == {"event": "one"}
    assert (second["event"], second["service"]) == ("two", "toy")
    assert (third["event"], third["level"]) == ("three", "critical")
    assert fourth["event"] == "{four"


def test_no_line_is_cut_by_another_programs(file: int, log: pathlib.Path) -> None:
    with writing(file) as (_logs, output, errors):
        os.write(output, b'{"event": "on')
        os.write(errors, b'{"event": "other"}\n')
        wait_for(lambda: len(lines(log)) == 1)
        os.write(output, b'e"}\n{"event": "last, without an end"}')
    assert [line["event"] for line in lines(log)] == ["other", "one", "last, without an end"]


def test_our_own_lines_come_after_what_programs_wrote_before(file: int, log: pathlib.Path) -> None:
    with writing(file) as (logs, output, _):
        for number in range(50):
            os.write(output, b'{"event": "theirs"}\n')
            logs.say("info", f"ours {number}")
    events = [line["event"] for line in lines(log)]
    for number in range(50):
        assert events[: events.index(f"ours {number}")].count("theirs") > number


def test_the_last_lines_of_a_program_are_kept(file: int) -> None:
    with writing(file) as (logs, _output, errors):
        os.write(errors, b"".join(b"%d\n" % number for number in range(5000)))
        os.write(errors, b'{"event": "x", "level": "error", "detail": "a b"}\n')
        assert logs.last_lines("toy", 3) == ["4998", "4999", 'x  detail="a b"']


def test_a_reader_that_stops_makes_no_program_wait_and_learns_what_it_missed() -> None:
    reader, writer = os.pipe()
    sent = 3 * ROOM // len(LINE)
    with writing(writer) as (logs, output, _errors):
        for _ in range(sent):
            assert select.select([], [output], [], 5)[1], "the program would wait"
            os.write(output, LINE)
        logs.say("info", "the end")
        read = b""
        while b"the end" not in read:
            read += os.read(reader, 1 << 20)
    said = [json.loads(line) for line in read.splitlines()]
    lost = sum(line["lines"] for line in said if "lost" in line["event"])
    assert lost > ROOM // len(LINE)
    assert lost + sum("xxx" in line["event"] for line in said) == sent
    os.close(reader)
    os.close(writer)


def test_a_reader_that_is_slow_gets_all() -> None:
    reader, writer = os.pipe()
    sent = 2 * ROOM // len(LINE)
    read = 0

    def write() -> None:
        for _ in range(sent):
            os.write(output, LINE)

    with writing(writer) as (_, output, _errors):
        program = threading.Thread(target=write)
        program.start()
        while read < sent * len(LINE):
            assert select.select([reader], [], [], 5)[0], "something was lost"
            read += len(os.read(reader, 1 << 16))
        program.join()
    os.close(reader)
    os.close(writer)


def test_a_reader_that_is_gone_makes_no_program_wait() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with writing(writer) as (_, output, _errors):
        for _ in range(2 * ROOM // len(LINE)):
            assert select.select([], [output], [], 5)[1], "the program would wait"
            os.write(output, LINE)
    os.close(writer)


def test_a_file_that_others_made_non_blocking_gets_all() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with writing(writer) as (_, output, _errors):
        os.write(output, LINE * 500)
        read = b""
        while len(read) < len(LINE) * 500:
            read += os.read(reader, 1 << 16)
    assert read == LINE * 500
    os.close(reader)
    os.close(writer)


def test_what_passes_costs_next_to_nothing(file: int, log: pathlib.Path) -> None:
    """100,000 lines of nginx' access log are those of two seconds under full load: of a processor, at most 0.2 s."""
    line = b'{"time":"2026-11-30T12:00:00+00:00","path":"/highlight","status":200' + b" " * 180 + b"}\n"
    chunk = line * (4096 // len(line))
    with writing(file) as (_, output, _errors):
        before = time.process_time()
        for _ in range(100_000 // (4096 // len(line))):
            os.write(output, chunk)
        wait_for(lambda: log.stat().st_size == len(chunk) * (100_000 // (4096 // len(line))))
        assert time.process_time() - before < 0.2 + 0.2  # half of it is our writing here
