"""Measures the suite beside its peers, in one run; prints the table and writes bench/results.md.

Absolute rates depend on this machine and this minute. Only the ratios are worth keeping: their two sides are measured
in turns.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import auth
import comparing
import engine
import guess
import jobs
import one_process
import pictures
import rows
import suite
import zeromq
from load import CONNECTIONS, Turns
from report import Row, results, table
from snippet import snippet

CORES = 2
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement in a round")
    parser.add_argument("--only", choices=PARTS, help="one part; leaves results.md as it is")
    parser.add_argument("--dry", action="store_true", help="leave results.md as it is")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"  # the folder of nginx, which is not in the PATH of users
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # all programs that we start inherit it

    began = time.monotonic()
    turns = Turns(arguments.rounds, arguments.seconds)
    found = []
    for name in [arguments.only] if arguments.only else PARTS:
        tell(name)
        with suite.folder() as folder:
            found += PARTS[name](folder, turns)
    print(table(found), end="")
    if not (arguments.dry or arguments.only):
        RESULTS.write_text(results(found, turns, connections=CONNECTIONS))
    tell(f"took {time.monotonic() - began:.0f} s")
    return 0


def highlight(folder: Path, turns: Turns) -> list[Row]:
    (text := folder / "text").write_text(snippet())
    start = rows.start()
    with suite.mergepoint() as (url, pid):
        found = rows.cached(url, text, turns) + rows.uncached(url, text, CORES, turns)
        answer = rows.warmed(url + rows.CALL, text.read_bytes())
        return [*found, rows.overhead(answer), *rows.latency(url, text), rows.memory(pid), start]


def thumbnail(_folder: Path, turns: Turns) -> list[Row]:
    with pictures.sources() as photographs, suite.mergepoint() as (url, _):
        return pictures.rows(url, photographs, turns)


def one_process_rows(folder: Path, turns: Turns) -> list[Row]:
    (text := folder / "text").write_text(snippet())
    return one_process.rows(text, turns)


PARTS: Mapping[str, Callable[[Path, Turns], list[Row]]] = {
    "highlight": highlight,
    "engine": lambda _folder, _turns: engine.rows(),
    "guess": lambda _folder, _turns: guess.rows(),
    "htmldiff": lambda folder, _turns: comparing.rows(folder),
    "thumbnail": thumbnail,
    "suite": one_process_rows,
    "auth": lambda _folder, turns: auth.rows(turns),
    "zeromq": zeromq.rows,
    "jobs": jobs.rows,
}


def tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
