"""Commits many changes at once: one thread a process takes the changes that wait and writes them in one transaction.

A commit waits for the disk. 32 threads that commit alone make 350 changes a second on SQLite, and some are refused by
a lock; together they make 1,700.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any, TypeVar

from sqlalchemy import Connection

from ..errors import StoreUnavailable
from .store import Store

Result = TypeVar("Result")
Operation = Callable[[Connection], Result]

MOST_TOGETHER = 64  # operations in one transaction: the first of them waits for the last
ANSWER_WITHIN = 2.5  # seconds; callers are promised an answer within 3


class Writer:
    """Runs operations on *store*, each in a savepoint: one that raises fails alone. Threads share it.

    The thread starts with the first operation, so that a process may be forked before.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[tuple[Operation[Any], Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, operation: Operation[Result]) -> Result:
        """Return what *operation* returns once it is committed; raise what it raises, or StoreUnavailable.

        An operation is a function of a connection and may be run again.
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
        answers: list[Callable[[], None]] = []
        try:
            with self._store.write() as connection:
                self._store.take_turn(connection)
                answers = [_apply(connection, operation, future) for operation, future in batch]
        except BaseException as error:  # the commit failed, and with it all of them
            for _, future in batch:
                future.set_exception(error)
            return
        for answer in answers:
            answer()


def _apply(connection: Connection, operation: Operation[Any], future: Future[Any]) -> Callable[[], None]:
    """Run *operation*; return what tells its caller, to be called after the commit."""
    savepoint = connection.begin_nested()
    try:
        result = operation(connection)
    except ValueError as error:  # a refusal, all of which are ValueErrors; a fault of the database ends the transaction
        savepoint.rollback()
        refusal = error
        return lambda: future.set_exception(refusal)
    savepoint.commit()
    return lambda: future.set_result(result)
