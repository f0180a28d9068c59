"""What a run leaves in the checkout's state folder, for commands that work on the same (mergepoint.kit.state reads it).

It stays when the run is over: where the suite ran last is where links shall lead.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergepoint.kit import state

KEPT = ("AUTH_", "PG", "MERGEPOINT_LISTEN")  # what decides which accounts these are, and their address


def write(folder: Path, run: Path, url: str, services: list[str], environment: Mapping[str, str]) -> None:
    """Write the record, for nobody else to read: a database's address may hold its password."""
    said: dict[str, Any] = {
        "pid": os.getpid(),
        "run": str(run),
        "url": url,
        "services": services,
        "environment": {name: value for name, value in sorted(environment.items()) if name.startswith(KEPT)},
    }
    new = folder / f".{state.RECORD}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(said, file, indent=2)
        file.write("\n")
    new.rename(folder / state.RECORD)
