"""The start, before workers are forked: migrates the database and makes the first administrator.

That runs in a process of its own, so that the workers do not inherit the memory of Alembic (10 MB) and of the first
password's hash (19 MB).
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
    """Return the core, with a migrated database and no open connection: those belong to one process.

    Leave with status 75 (EX_TEMPFAIL) if the database does not answer, or a restore is not finished.
    """
    held, store = contextlib.ExitStack(), Store(settings.database)
    try:
        held.enter_context(in_use(store, settings.state))
        store.close()
    except (InUse, StoreUnavailable) as error:
        log.error("a restore is not finished", detail=str(error))
        raise SystemExit(75) from error  # EX_TEMPFAIL, sysexits(3)
    _in_child(lambda: _prepare(settings))
    auth = _core(settings)
    auth.held = held  # the folder's lock, for the life of this process and those forked from it
    return auth


def streams(settings: Settings, bind: str) -> Callable[[], None] | None:
    """Return the program that streams pass through; None if there is no folder for its sockets.

    The folder is AUTH_STREAMS, else ``streams`` beside the service's own socket, if *bind* names a Unix socket.
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
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs every check of the version
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
    """Call *function* in a forked process; raise SystemExit with its status unless that is 0."""
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
