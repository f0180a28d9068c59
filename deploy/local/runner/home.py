"""The checkout's state folder: made when it is first needed; it takes over what all checkouts shared once."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mergepoint.kit import state

SHARED = "auth"  # in the folder of all states: until there was one for each checkout, accounts were there


def open_folder(root: Path) -> Path:
    """Return the state folder of the checkout at *root*; end the program if there can be none."""
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
    """Move what all checkouts shared into *folder*, if nobody has yet, and it has no accounts; return where it was."""
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
    """Processes of ours that have a file in *folder* open."""
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if Path(os.readlink(handle)).is_relative_to(folder):
                yield int(handle.parts[2])
