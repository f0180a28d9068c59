"""``make chaos``: two minutes of kills under load, a minute on each database; the exit status says whether all held."""

import argparse
import json
import os
import pathlib
import sys
import tempfile

from mergepoint.jobs import Store
from tests.auth.databases import PostgreSQL, SQLite
from tests.jobs.chaos.kills import KILLS
from tests.jobs.chaos.run import endure
from tests.jobs.chaos.stack import Stack

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="altogether")
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--only", choices=KILLS, action="append", help="kill this alone")
    parser.add_argument("--rate", type=float, default=60, help="jobs asked for in a second")
    arguments = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin"  # where Debian has nginx
    failed = False
    for database in arguments.database or DATABASES:
        share = arguments.seconds / len(arguments.database or DATABASES)
        kinds = [kind for kind in arguments.only or KILLS if kind != "database" or database == "postgresql"]
        failed |= not survive(database, kinds, share / len(kinds), arguments.rate)
    return failed


def survive(database: str, kinds: list[str], seconds: float, rate: float) -> bool:
    """Run on one kind of database; print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = PostgreSQL(Store) if database == "postgresql" else None
        stack = Stack((cluster or SQLite(pathlib.Path(folder), Store)).new(), cluster)
        try:
            stack.start()
            report = endure(stack, kinds, seconds, rate=rate, say=lambda line: print(f"{database}: {line}", flush=True))
        finally:
            stack.stop()
            if cluster:
                cluster.stop()
    print(json.dumps({database: report.figures, "faults": report.faults}, indent=1))
    return not report.faults


if __name__ == "__main__":
    sys.exit(main())
