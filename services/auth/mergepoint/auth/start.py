"""What is done once, before there are workers: the database brought up to date, the first administrator made.

In a process of its own, whose memory nobody inherits: that of Alembic (10 MB) and of a first password's hash (19 MB).
"""

import contextlib
import functools
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

from .accounts.first_administrator import FIRST_PASSWORD
from .backup.folder import InUse, in_use
from .config import Settings
from .core import Auth
from .errors import StoreUnavailable
from .storage.store import Store
from .streams import server

WAIT_FOR_DATABASE = 30.0  # seconds
UNIX = "unix:"

log = structlog.get_logger()


def open_core(settings: Settings) -> Auth:
    """Return the core with a database that is ready. No connection is open: those belong to one process."""
    held, store = contextlib.ExitStack(), Store(settings.database)
    try:
        held.enter_context(in_use(store, settings.state))
        store.close()
    except (InUse, StoreUnavailable) as error:
        log.error("a restore is not finished", detail=str(error))
        raise SystemExit(75) from error  # EX_TEMPFAIL, sysexits(3)
    _in_child(lambda: _prepare(settings))
    auth = _core(settings)
    auth.held = held  # as long as one of the processes lives that are forked from this one
    return auth


def streams(settings: Settings, bind: str) -> Callable[[], None] | None:
    """Return the program that streams pass through, or None if nothing says where it meets nginx: a service that *bind*
    has on a Unix socket meets it beside that.
    """
    folder = settings.streams or (
        f"{os.path.dirname(bind.removeprefix(UNIX))}/streams" if bind.startswith(UNIX) else ""
    )
    return functools.partial(server.serve, Path(folder), log.info) if folder else None


def _core(settings: Settings) -> Auth:
    return Auth(
        Store(settings.database),
        settings.state,
        settings.public_url,
        idle=settings.session_idle,
        lifetime=settings.session_lifetime,
        workers=settings.workers,
        threads=settings.threads,
    )


def _prepare(settings: Settings) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at the version
    _migrate(settings)
    if not settings.first_admin:
        return
    if password := _core(settings).first_administrator(settings.first_admin):
        print(
            f"made the first administrator, {settings.first_admin!r} with the password {password} "
            f"(also in {settings.state / FIRST_PASSWORD}; change it)",
            file=sys.stderr,
            flush=True,
        )


def _migrate(settings: Settings) -> None:
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
    """Call *function* in a forked process; leave with its status unless it is 0."""
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
