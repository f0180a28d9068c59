"""Commits many changes at once: one thread a process takes the changes that wait and writes them in one transaction.

A commit waits for the disk. 32 threads that commit alone make 350 changes a second on SQLite, and some are refused by
a lock; together they make 1,700.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ..errors import JobsError, StoreUnavailable
from .store import Clock, ImpossibleValue, Store

Result = TypeVar("Result")
Operation = Callable[[Connection, float], Result]

MOST_TOGETHER = 64  # operations in one transaction: the first of them waits for the last
ANSWER_WITHIN = 2.5  # seconds; callers are promised an answer within 3


class Writer:
    """Runs operations on *store*. Threads share it.

    An operation is a function of a connection and of the time by *clock*. It raises its refusals (JobsError) before it
    writes anything, so that it needs no savepoint, which would cost two more round trips to PostgreSQL.

    The thread starts with the first operation, so that a process may be forked before.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._waiting: queue.SimpleQueue[tuple[Operation[Any], Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, operation: Operation[Result]) -> Result:
        """Return what *operation* returns once it is committed; raise what it raises, or StoreUnavailable.

        It may be run again, after a transaction that failed.
        """
        future: Future[Result] = Future()
        self._start()
        self._waiting.put((operation, future))
        try:
            return future.result(ANSWER_WITHIN)
        except Late:
            future.cancel()  # if it has begun, it may still be committed: nobody will know
            raise StoreUnavailable from None

    def _start(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < MOST_TOGETHER and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._write([(operation, future) for operation, future in batch if future.set_running_or_notify_cancel()])

    def _write(self, batch: list[tuple[Operation[Any], Future[Any]]]) -> None:
        if not batch:
            return
        try:
            answers = self._commit(batch)
        except BaseException as error:  # the commit failed, and with it all of them
            if len(batch) > 1 and _is_of_one(error):
                for one in batch:
                    self._write([one])
                return
            answers = [partial(future.set_exception, error) for _, future in batch]
        for answer in answers:
            answer()

    def _commit(self, batch: list[tuple[Operation[Any], Future[Any]]]) -> list[Callable[[], None]]:
        """Run the operations in one transaction; return what tells their callers, to be called after it."""
        with self._store.write() as connection:
            self._store.take_turn(connection)
            now = self._clock(connection)
            return [_apply(connection, now, operation, future) for operation, future in batch]


def _is_of_one(error: BaseException) -> bool:
    """Whether one operation is to blame, and not the database."""
    return isinstance(error, ImpossibleValue) or isinstance(error.__cause__, IntegrityError)


def _apply(connection: Connection, now: float, operation: Operation[Any], future: Future[Any]) -> Callable[[], None]:
    """Run *operation*; return what tells its caller."""
    try:
        return partial(future.set_result, operation(connection, now))
    except JobsError as refusal:
        return partial(future.set_exception, refusal)
