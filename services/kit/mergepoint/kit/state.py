"""The folder where a checkout keeps its state between runs, and the record of its last run, by which commands find it.

Each checkout has a folder of its own, outside of it: two on one machine share no accounts. It knows no service.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

RECORD = "run.json"  # written by the runner (deploy/local/runner/record.py)


def home() -> Path:
    """Return the folder of all states. XDG Base Directory Specification: a relative path is invalid."""
    told = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (told if told.is_absolute() else Path.home() / ".local" / "state") / "mergepoint"


def checkout() -> Path | None:
    """Return the checkout that this code is in; None if it is installed somewhere else."""
    root = Path(__file__).resolve().parents[4]
    return root if (root / "deploy/local/run.py").is_file() else None


def folder_of(root: Path) -> Path:
    """Return the folder of the checkout at *root*. Its name says which one, its hash keeps apart those of one name."""
    real = root.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", real.name)[:40] or "checkout"
    return home() / f"{name}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:8]}"


def folder_for(service: str) -> Path:
    """Return the folder where *service* keeps its state by default."""
    root = checkout()
    return (folder_of(root) if root else home()) / service


def check_folder(value: str | Path) -> str | Path:
    """Return *value*, or raise ValueError unless it is a folder that this process may write to, or can make."""
    nearest = os.path.abspath(value)
    while not os.path.exists(nearest):
        nearest = os.path.dirname(nearest)
    if not str(value) or not os.path.isdir(nearest) or not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError("a folder is expected that exists or can be made, and that this process may write to")
    return value


def last_run() -> dict[str, Any]:
    """Return the record of this checkout's last run, which may be over; an empty one if there was none."""
    root = checkout()
    try:
        found = json.loads((folder_of(root) / RECORD).read_text()) if root else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
