"""Writes a record of a run to the checkout's state folder, for commands on the same accounts (mergepoint.kit.state).

It stays after the run, since the links that these commands make lead to the last address of the suite.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergepoint.kit import state

KEPT = ("AUTH_", "PG", "MERGEPOINT_LISTEN")  # variables that determine the accounts and the address


def write(folder: Path, run: Path, url: str, services: list[str], environment: Mapping[str, str]) -> None:
    """Write the record, readable only for this user, since a database's address may hold its password."""
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
