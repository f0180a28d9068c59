"""Which files of a folder are source code: what the ventilator sends, and what the sink waits for."""

import os
from collections.abc import Iterator
from pathlib import Path

LARGEST = 512 * 1024  # bytes, as the service takes
LOOKED_AT = 4096  # bytes, to tell text from other files


def sources(folder: Path) -> list[str]:
    """Return the paths of all source files in *folder*, relative to it, in order."""
    return sorted(_sources(folder))


def _sources(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in files:
            path = Path(here, name)
            if not name.startswith(".") and path.is_file() and _is_text(path):
                yield path.relative_to(folder).as_posix()


def _is_text(path: Path) -> bool:
    with path.open("rb") as file:
        return path.stat().st_size <= LARGEST and b"\0" not in file.read(LOOKED_AT)
