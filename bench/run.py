"""Measures the suite beside its peers, in one run; prints the table and writes bench/results.md.

Absolute rates belong to this machine and this minute. What is worth keeping is in the ratios, whose two sides were
measured in turns.
"""

import argparse
import os
import sys
import time
from functools import partial
from pathlib import Path

import load
import rows
import suite
from report import results, table
from snippet import snippet

CORES = 2
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement in a round")
    parser.add_argument("--dry", action="store_true", help="leave results.md as it is")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # all that we start inherits it

    began = time.monotonic()
    in_turns = partial(load.in_turns, rounds=arguments.rounds, seconds=arguments.seconds)
    with suite.folder() as folder:
        (text := folder / "text").write_text(snippet())
        tell("starting")
        start = rows.start()
        with suite.mergepoint() as (url, pid):
            answer = warmed(url + rows.CALL)
            tell("cached")
            found = rows.cached(url, text, answer, in_turns)
            tell("uncached")
            found += rows.uncached(url, text, CORES, in_turns)
            tell("the rest")
            found[4:4] = [rows.overhead(answer), *rows.latency(url, text), rows.memory(pid), start]
    print(table(found), end="")
    if not arguments.dry:
        about = {"rounds": arguments.rounds, "seconds": arguments.seconds, "connections": load.CONNECTIONS}
        RESULTS.write_text(results(found, answer=len(answer), **about))
    tell(f"took {time.monotonic() - began:.0f} s")
    return 0


def warmed(call: str) -> bytes:
    """Return the answer to the snippet, which is in the cache from now on."""
    for _ in range(10):  # a degraded answer is not kept
        headers, answer = suite.ask(call, snippet().encode(), within=5)
        if headers["Cache-Status"] == "mergepoint; hit":
            return answer
    raise RuntimeError(f"{call}: not cached: {headers}")


def tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
