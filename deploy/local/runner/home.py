"""The checkout's state folder: it is made at the first need, and takes over the state that checkouts once shared."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mergepoint.kit import state

SHARED = "auth"  # the folder of accounts before each checkout had a state folder of its own


def open_folder(root: Path) -> Path:
    """Return the state folder of the checkout at *root*; end the program if it cannot be made or written to."""
    folder = state.folder_of(root)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} belongs to somebody else")
    except OSError as error:
        reason = error.strerror or str(error)
        sys.exit(f"accounts and jobs are kept in {folder}: {reason.lower()}; XDG_STATE_HOME names another place for it")
    return folder


def take_over(folder: Path) -> Path | None:
    """Move the shared state into *folder*, unless that has accounts; return its old path, or None if nothing moved."""
    shared, own = state.home() / SHARED, folder / SHARED
    if own.exists() or not shared.is_dir() or shared.is_symlink():
        return None
    if users := sorted(_users_of(shared)):
        sys.exit(f"{shared} is to be taken over by this checkout, but process {users[0]} uses it: end it first")
    try:
        shared.rename(own)
    except FileNotFoundError:  # another checkout that starts at this moment
        return None
    return shared


def _users_of(folder: Path) -> Iterator[int]:
    """Yield the ids of our processes that have a file in *folder* open."""
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if Path(os.readlink(handle)).is_relative_to(folder):
                yield int(handle.parts[2])
