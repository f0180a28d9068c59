"""What is done once, before there are workers: the database brought up to date; and which program is the companion."""

import functools
import logging
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

from mergepoint.kit.identity import Keys

from .config import Settings
from .core import Jobs
from .errors import StoreUnavailable
from .identities import Identities, fetch_keys
from .storage.store import Store

WAIT_FOR_DATABASE = 30.0  # seconds
UNIX = "unix:"

log = structlog.get_logger()


def open_core(settings: Settings) -> Jobs:
    """Return the core with a database that is ready. No connection is open: those belong to one process."""
    _in_child(lambda: _migrate(settings))
    return Jobs(Store(settings.database), settings.state, limits=settings.owner_limits, keep=settings.keep)


def identities(settings: Settings, bind: str) -> Identities:
    """Return what verifies identities. Their keys are at JOBS_IDENTITY_KEYS, by default auth's socket beside ours."""
    beside = f"{UNIX}{os.path.dirname(bind.removeprefix(UNIX))}/auth.sock" if bind.startswith(UNIX) else ""
    url = settings.identity_keys or beside
    return Identities(Keys(url, fetch=fetch_keys).find if url else lambda _kid: None, anonymous=settings.anonymous)


def waiting(settings: Settings, bind: str) -> Callable[[], None] | None:
    """Return the program for those who wait, or None if nothing says where it meets nginx: a service that *bind* has on
    a Unix socket meets it beside that.
    """
    from .waiting.server import serve

    folder = settings.waiting or (
        f"{os.path.dirname(bind.removeprefix(UNIX))}/waiting" if bind.startswith(UNIX) else ""
    )
    return functools.partial(serve, Path(folder), settings, identities(settings, bind)) if folder else None


def _migrate(settings: Settings) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the version
    store, ends = Store(settings.database), time.monotonic() + WAIT_FOR_DATABASE
    while True:
        try:
            return store.migrate()
        except StoreUnavailable as error:
            if time.monotonic() > ends:
                log.error("no database", detail=str(error.__cause__)[:500])
                raise SystemExit(75) from error  # EX_TEMPFAIL, sysexits(3)
            time.sleep(0.5)


def _in_child(function: Callable[[], None]) -> None:
    """Call *function* in a forked process, whose memory nobody inherits; leave with its status unless it is 0."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            function()
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    if status := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise SystemExit(status)
