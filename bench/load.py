"""Makes load with wrk, and measures several things in turns.

The machine's speed changes from second to second, so all things take turns in short rounds, and a ratio is the median
of the rounds' ratios.
"""

import itertools
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LUA = Path(__file__).with_name("lua")
CONNECTIONS = 16
PAUSE = 0.3
# A number for each run, so that its bodies differ from those of earlier runs.
_runs = itertools.count(1)

Rates = dict[str, list[float]]


class LoadError(Exception):
    """Requests failed, so the rate of the others means nothing."""


def get(url: str, *headers: str) -> Callable[[float], float]:
    """Return a function that sends GETs to *url* for some seconds and returns the requests a second."""
    return lambda seconds: _wrk(seconds, url, headers=headers)


def post_same(url: str, body: Path) -> Callable[[float], float]:
    return lambda seconds: _wrk(seconds, url, "same.lua", str(body))


def post_fresh(url: str, body: Path, *headers: str) -> Callable[[float], float]:
    """Every request has a body of its own; degraded answers do not count."""
    return lambda seconds: _wrk(seconds, url, "fresh.lua", str(body), str(next(_runs)), headers=headers)


@dataclass
class Turns:
    """The number of *rounds*, and the *seconds* of each measurement in a round."""

    rounds: int
    seconds: float
    others: list[float] = field(default_factory=list)
    """The load of the cores by other programs, from 0 to 1, in a moment before each round."""

    def measure(self, things: Mapping[str, Callable[[float], float]]) -> Rates:
        """Measure all *things* in each round, in every other round backwards, so that drift favours none."""
        rates: Rates = {name: [] for name in things}
        for number in range(self.rounds):
            self.others.append(_busy(PAUSE))
            for name in list(things)[:: -1 if number % 2 else 1]:
                rates[name].append(things[name](self.seconds))
        return rates


def ratio(above: list[float], below: list[float]) -> tuple[float, float, float]:
    """Return the median of the rounds' ratios, and the quarter and three-quarter marks around it."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    if len(ratios) < 2:
        return ratios[0], ratios[0], ratios[0]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, low, high


def _wrk(seconds: float, url: str, script: str = "", *arguments: str, headers: Iterable[str] = ()) -> float:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "10s"]
    command += [word for header in headers for word in ("-H", header)]
    command += ["-s", str(LUA / script), url, "--", *arguments] if script else [url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if failed := re.search(r"Non-2xx.*|Socket errors.*", said):
        raise LoadError(f"{url}: {failed[0]}")
    rate = re.search(r"Requests/sec: +([0-9.]+)", said)
    if not rate or not float(rate[1]):
        raise LoadError(f"{url}: no answer in {seconds:.0f} s")
    degraded = re.search(r"Degraded: (\d+) of (\d+)", said)
    whole = 1 - int(degraded[1]) / int(degraded[2]) if degraded else 1
    return float(rate[1]) * whole


def _busy(seconds: float) -> float:
    """Return the load of all cores, from 0 to 1, during the next *seconds* (proc_stat(5))."""

    def read() -> tuple[int, int]:
        times = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return times[3] + times[4], sum(times)  # idle and waiting for a disk

    idle, total = read()
    time.sleep(seconds)
    idle_then, total_then = read()
    return 1 - (idle_then - idle) / max(total_then - total, 1)
