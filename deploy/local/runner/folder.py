"""The folder of one run: sockets, nginx's files, its cache.

A lock in it shows that its run is alive; the next start removes the folders of dead runs.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import processes

PREFIX = "mergepoint-"
LOCK = "lock"
IN_MEMORY, ON_DISK = Path("/dev/shm"), Path("/tmp")  # paths of sockets must be short
CACHE_IN_MEMORY = "256m"  # the default of nginx/settings; a cache of another size goes to the disk
ROOM_FOR_CACHE = 1 << 30  # bytes: nginx exceeds the size of its cache for moments
ORPHANS_END_WITHIN = 3.0  # seconds until processes of a dead run are killed


def make_folder() -> Path:
    """Return a new folder, locked until this process ends; it is in memory if nginx's cache fits there.

    Measured: to store an answer takes 20 µs in memory, 130 to 700 µs on ext4.
    """
    fits = (
        os.environ.get("MERGEPOINT_CACHE_SIZE", CACHE_IN_MEMORY) == CACHE_IN_MEMORY
        and os.access(IN_MEMORY, os.W_OK)
        and shutil.disk_usage(IN_MEMORY).free > ROOM_FOR_CACHE
    )
    # It gets its name after it is locked, or another run could take it for the folder of a dead run.
    made = Path(tempfile.mkdtemp(prefix="." + PREFIX, dir=IN_MEMORY if fits else ON_DISK))
    made.chmod(0o755)  # nginx's workers run as another user
    lock(made / LOCK)
    made = made.rename(made.with_name(made.name.removeprefix(".")))
    if fits:
        _put_temporary_files_on_disk(made)
    return made


def _put_temporary_files_on_disk(run: Path) -> None:
    """Make nginx store uploads, and answers for slow clients, on the disk: they may have gigabytes."""
    own = _on_disk(run)
    own.mkdir(mode=0o711)  # nginx's workers go through it to folders of their own
    (run / "nginx").mkdir()
    (run / "nginx/temp").symlink_to(own)


def _on_disk(run: Path) -> Path:
    return ON_DISK / f".{run.name}-temp"


def lock(path: Path) -> bool:
    """Lock the file *path* until this process ends; return False if another process has locked it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True


def remove_stale() -> list[Path]:
    """Remove folders and processes of this user's killed runs; return the folders."""
    stale = [path for path in _ours() if lock(path / LOCK)]
    for path in stale:
        ends = time.monotonic() + ORPHANS_END_WITHIN
        while processes.dwellers(path) and time.monotonic() < ends:
            time.sleep(0.05)
        remove(path)
    for path in ON_DISK.glob(f".{PREFIX}*-temp"):  # memory is lost when the machine restarts
        if not any(_on_disk(run) == path for run in IN_MEMORY.glob(PREFIX + "*")) and _is_own_folder(path):
            shutil.rmtree(path, ignore_errors=True)
    return stale


def remove(path: Path) -> None:
    """Remove a run's folder, and kill the processes that still work in it."""
    processes.kill(lambda: processes.dwellers(path))
    shutil.rmtree(path, ignore_errors=True)
    if _is_own_folder(_on_disk(path)):
        shutil.rmtree(_on_disk(path), ignore_errors=True)


def _is_own_folder(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _ours() -> Iterator[Path]:
    """Yield the folders of this user's runs. Others may write beside them, so links and others' folders are skipped."""
    for place in (IN_MEMORY, ON_DISK):
        for path in place.glob(PREFIX + "*"):
            try:
                found, mark = path.lstat(), (path / LOCK).lstat()
            except OSError:
                continue
            kinds = stat.S_ISDIR(found.st_mode) and stat.S_ISREG(mark.st_mode)
            if kinds and found.st_uid == mark.st_uid == os.geteuid():
                yield path
