"""Measures the suite beside its peers, in one run; prints the table and writes bench/results.md.

Absolute rates belong to this machine and this minute. What is worth keeping is in the ratios, whose two sides were
measured in turns.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import auth
import comparing
import engine
import rows
import suite
from load import CONNECTIONS, Turns
from report import results, table
from snippet import snippet

CORES = 2
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement in a round")
    parser.add_argument("--only", choices=("highlight", "htmldiff"), help="a part of it; leaves results.md as it is")
    parser.add_argument("--dry", action="store_true", help="leave results.md as it is")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"  # where nginx is, also for users
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # all that we start inherits it

    began = time.monotonic()
    turns = Turns(arguments.rounds, arguments.seconds)
    with suite.folder() as folder:
        if arguments.only == "htmldiff":
            print(table(comparing.rows(folder)), end="")
            return 0
        (text := folder / "text").write_text(snippet())
        tell("starting")
        start = rows.start()
        with suite.mergepoint() as (url, pid):
            tell("cached")
            found = rows.cached(url, text, turns)
            tell("uncached")
            found += rows.uncached(url, text, CORES, turns)
            tell("the engine")
            found += engine.rows()
            tell("the rest")
            answer = rows.warmed(url + rows.CALL, text.read_bytes())
            found += [rows.overhead(answer), *rows.latency(url, text), rows.memory(pid), start]
        if not arguments.only:
            tell("htmldiff")
            found += comparing.rows(folder)
            tell("auth")
            found += auth.rows(turns)
    print(table(found), end="")
    if not (arguments.dry or arguments.only):
        RESULTS.write_text(results(found, turns, answer=len(answer), connections=CONNECTIONS))
    tell(f"took {time.monotonic() - began:.0f} s")
    return 0


def tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
