"""Warns about variables with a prefix of our settings that are no settings, in the environment and in .env.

`make up` runs it, since compose passes to a container only the variables that docker-compose.yml lists, so no service
sees a misspelt one. It needs only Python.
"""

import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {path.parent.name.upper() for path in ROOT.glob("services/*/README.md")} - {"SUITE"}  # not in containers
PREFIXES = tuple(f"{name}_" for name in ("MERGEPOINT", "TRUSTED", *SERVICES))


def known() -> set[str]:
    """Return the names that compose passes on, and the MERGEPOINT_ names that other programs read."""
    files = (ROOT / "docker-compose.yml", ROOT / "nginx/settings")
    return {name for file in files for name in re.findall(r"\b[A-Z]+_[A-Z_]+\b", file.read_text())}


def names_given() -> Iterator[str]:
    """Yield the names in the environment, then those in .env."""
    yield from os.environ
    file = Path(".env")
    if file.is_file():
        yield from re.findall(r"^\s*(?:export\s+)?(\w+)\s*[=:]", file.read_text(errors="replace"), re.MULTILINE)


def warnings(names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    known = sorted(known)
    for name in sorted({name for name in names if name.startswith(PREFIXES)} - set(known)):
        [nearest] = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        yield f"warning: {name}: there is no such setting; the nearest is {nearest}"


if __name__ == "__main__":
    print("".join(f"{line}\n" for line in warnings(names_given(), known())), end="", file=sys.stderr)
