"""Writes the table that a run prints, and bench/results.md with the text around it."""

import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from load import Turns

PACKAGES = ("Pygments", "Flask", "gunicorn", "selectolax", "nh3", "rapidfuzz", "lxml", "Genshi")
HEAD = ("what", "measured", "target", "reached", "from")
COMMENT = """\
Every ratio is measured in one run, in {rounds} short rounds of {seconds} s in which both sides take turns; it is the
median of the rounds' ratios, and beside it stands the middle half of them. One thread of wrk, with {connections}
connections, makes the load on the same cores: what it uses is missing in every rate, most in the highest. Only the
Pygments loop needs none. In the pauses before the rounds, other programs kept the cores {others:.0%} busy; if that is
more than a few percent, measure again.

Limits per address are off, since wrk is one address; everything else is on: sandbox, cache, request ids, metrics, log
lines (written to /dev/null). The static files are the cached answers, of 2 and of 8 KB, from an nginx of their own
that logs nothing and adds no headers. The text is 2 KB of Python, as dense as the median of the standard library;
one that nobody has sent before differs in its last comment. A degraded answer does not count.

Pygments ÷ engine is measured in one process, in processor time, over up to 8 texts of real code a language, from the
tests of Pygments, and of Python from the standard library; both sides write HTML with classes, have seen the texts
before, and take turns; of each text the least counts.

highlight.js, Rouge and Prism tell fewer kinds of tokens apart than Pygments, and run without a sandbox; the cached
lines beside them show what a cache does, not who highlights faster. "Sandbox off" is the same service with its work
done in the worker.

Guessing is judged on texts in bench/languages, of ten and of fifty lines in each of 40 languages, which nobody was
trained on. highlight.js has one language for HTML and XML, and one for INI and TOML; either counts as right there.

htmldiff's rows are of the core alone, in processor time of one process, with the default options, on the same
documents for both sides. Some peers show less: lxml loses comments and nests invalidly, none is bounded or sanitises.

jobs' database is on a disk that it waits for. A trivial job is a GET whose answer nginx has; the workers of jobs, which
keep each answer in the database, and of Celery, which keeps it in Redis, make it with 16 threads, over a connection
each. Jobs are acknowledged while no worker runs. "Load" is that of the machine in the last minute, ours included.
"""


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    target: str = ""
    reached: bool | None = None
    source: str = ""

    def cells(self) -> tuple[str, ...]:
        reached = "" if self.reached is None else "yes" if self.reached else "**no**"
        return self.what, self.measured, self.target, reached, self.source


def table(rows: Iterable[Row]) -> str:
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    written = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"| {line} |\n" for line in written)


def results(rows: Iterable[Row], turns: Turns, **numbers: int) -> str:
    """Return the content of results.md; *numbers* are values for COMMENT."""
    others = statistics.median(turns.others)
    comment = COMMENT.format(rounds=turns.rounds, seconds=turns.seconds, others=others, **numbers)
    return f"# What `make bench` measured\n\n{_machine()}\n\n{table(rows)}\n{comment}"


def _machine() -> str:
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    nginx = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
    return (
        f"{datetime.date.today()}, {platform.system()} {platform.release()}, {_processor()},\n"
        f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, Python {platform.python_version()}, {packages}, "
        f"nginx {nginx}"
    )


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
