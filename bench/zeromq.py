"""Measures highlight over ZeroMQ beside the same service over HTTP, straight to its socket: both with one process."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import suite
from load import Turns, ratio
from memory import family, proportional_set
from report import Row
from snippet import snippet

ONE_MB = 1 << 20
LARGE = {"64 KB": 64 << 10, "1 MB": ONE_MB}
ROUNDS_LARGE = 3
PYTHON = [sys.executable, str(suite.HERE / "caller.py")]
RUBY = ["ruby", str(suite.HERE / "caller.rb")]


class Place(NamedTuple):
    """One service on both faces: where, and the processes."""

    http: str
    url: str
    zeromq: str
    pids: dict[str, int]


def rows(folder: Path, turns: Turns) -> list[Row]:
    text = folder / "text"
    text.write_text(snippet())
    with started() as place:
        one = measured(turns, pair(place, 1))
        found = [faster("one client", one, 1.5), *times("raw", one), faster("four clients",
                 measured(turns, pair(place, 4)), 1.3)]  # fmt: skip
        clients = {way: getattr(place, at) for way, at in (("client-http", "url"), ("client-zeromq", "zeromq"))}
        for language, program in (("Python", [*PYTHON]), ("Ruby", [*RUBY])):
            last = str(text) if language == "Ruby" else "2048"
            ways = {way.removeprefix("client-"): calling([*program, way, at], last, 1) for way, at in clients.items()}
            results = measured(turns, ways)
            found += [faster(f"our client in {language}", results), *times(f"our client in {language}", results)]
        found.append(memory(place, "2 KB", at_most=10))
        for name, size in LARGE.items():
            few = Turns(ROUNDS_LARGE, turns.seconds)
            found.append(faster(f"one client, {name}", measured(few, pair(place, 1, size))))
        return [*found, memory(place, "1 MB")]


@contextlib.contextmanager
def started() -> Iterator[Place]:
    """Run highlight under gunicorn with one worker, and `serve highlight`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        port = suite.free_port()
        place = Place(f"{folder}/http", f"http://127.0.0.1:{port}", f"ipc://{folder}/zeromq", {})
        environment = {**os.environ, "HIGHLIGHT_WORKERS": "1", "HIGHLIGHT_MAX_BYTES": str(2 * ONE_MB),
                       "HIGHLIGHT_MAX_OUTPUT_BYTES": str(64 * ONE_MB), "MERGEPOINT_SERVICE": "highlight"}  # fmt: skip
        gunicorn = ["gunicorn", "-c", str(suite.ROOT / "services/gunicorn.conf.py"), "-b", f"unix:{place.http}"]
        commands = {
            "http": [*gunicorn, "-b", f"127.0.0.1:{port}"],
            "zeromq": ["mergepoint.kit.zeromq", "serve", "highlight", "--bind", place.zeromq],
        }
        for name, command in commands.items():
            process = subprocess.Popen([sys.executable, "-m", *command], env=environment, stderr=subprocess.DEVNULL)
            stack.callback(end, process)
            place.pids[name] = process.pid
        suite.wait_until_there(place.http, place.zeromq.removeprefix("ipc://"))
        suite.settle()
        yield place


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def pair(place: Place, clients: int, size: int = 2048) -> dict[str, Callable[[float], list[float]]]:
    ways = {"http": place.http, "zeromq": place.zeromq}
    return {way: calling([*PYTHON, way, at], str(size), clients) for way, at in ways.items()}


def calling(command: list[str], last: str, clients: int) -> Callable[[float], list[float]]:
    """Return what runs so many *clients* for some seconds: calls a second of all, median and 99th percentile."""

    def call(seconds: float) -> list[float]:
        words = [*command, str(seconds), last]
        running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(clients)]
        said = [list(map(float, process.communicate()[0].split())) for process in running]
        return [sum(each[0] for each in said), *(statistics.mean(each[n] for each in said) for n in (1, 2))]

    return call


def measured(turns: Turns, ways: dict[str, Callable[[float], list[float]]]) -> dict[str, list[list[float]]]:
    return turns.measure(ways)  # type: ignore[arg-type, return-value]


def faster(what: str, results: dict[str, list[list[float]]], at_least: float | None = None) -> Row:
    rates = {way: [each[0] for each in rounds] for way, rounds in results.items()}
    middle, low, high = ratio(rates["zeromq"], rates["http"])
    above, below = (statistics.median(rates[way]) for way in ("zeromq", "http"))
    source = f"{above:,.0f}/s ÷ {below:,.0f}/s; {low:.2f} to {high:.2f}"
    name = f"highlight, {what}, ZeroMQ over ipc ÷ HTTP to its socket"
    if at_least is None:
        return Row(name, f"{middle:.2f}", source=source)
    return Row(name, f"{middle:.2f}", f"≥ {at_least}", middle >= at_least, source)


def times(what: str, results: dict[str, list[list[float]]]) -> list[Row]:
    found = []
    for way, name in (("zeromq", "ZeroMQ"), ("http", "HTTP")):
        p50, p99 = (statistics.median(each[number] for each in results[way]) for number in (1, 2))
        source = f"99th percentile {p99:.2f} ms; medians of {len(results[way])} rounds"
        found.append(Row(f"highlight of 2 KB, {what}, {name}", f"{p50:.2f} ms", source=source))
    return found


def memory(place: Place, load: str, *, at_most: float | None = None) -> Row:
    used = {way: sum(map(proportional_set, family(pid))) / 2**20 for way, pid in place.pids.items()}
    more = used["zeromq"] - used["http"]
    source = f"{used['zeromq']:.0f} MB and {used['http']:.0f} MB of PSS with all children"
    what = f"memory of `serve highlight` − HTTP with one worker, after texts of {load}"
    if at_most is None:
        return Row(what, f"{more:.0f} MB", source=source)
    return Row(what, f"{more:.0f} MB", f"≤ {at_most:.0f} MB", more <= at_most, source)
