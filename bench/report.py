"""The table that a run prints, and bench/results.md around it."""

import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("what", "measured", "target", "reached", "from")
COMMENT = """\
Every line is measured in one run, in short rounds that take turns ({rounds} of {seconds:.0f} s each); a ratio is the
median of the rounds' ratios, behind it the middle half of them. One thread of wrk, with {connections} connections,
makes the load on the same two cores, so what it uses is missing in every rate, most in those that are highest; the
Pygments loop alone needs no load. Limits per address are off, as wrk is one address; everything else is on: sandbox,
cache, request ids, metrics, log lines (into /dev/null). The static file is the cached answer, {answer} bytes, given
out by an nginx of its own without a log line and without a header more than it needs. The text is 2 KB of Python; one
that nobody has sent before differs in a comment. The peers make fewer kinds of tokens than Pygments, with no sandbox
and no cache; the cached lines beside them show what a cache does, not who highlights faster.
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


def results(rows: Iterable[Row], **numbers: float) -> str:
    """Return what results.md holds; *numbers* go into the comment."""
    return f"# What `make bench` measured\n\n{_machine()}\n\n{table(rows)}\n{COMMENT.format(**numbers)}"


def _machine() -> str:
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("Pygments", "Flask", "gunicorn"))
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
