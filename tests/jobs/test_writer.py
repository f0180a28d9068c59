"""The writer: what waits together is committed together, and what fails fails alone. On both databases."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, insert, select

from mergepoint.jobs import Store
from mergepoint.jobs.errors import NotFound, StoreUnavailable
from mergepoint.jobs.storage.schema import turns
from mergepoint.jobs.storage.store import database_time
from mergepoint.jobs.storage.writer import Writer


def put(owner: str) -> Callable[[Connection, float], str]:
    def operation(connection: Connection, _now: float) -> str:
        connection.execute(insert(turns), {"owner": owner, "last": 1.0})
        return owner

    return operation


def refuse(_connection: Connection, _now: float) -> None:
    raise NotFound


def run_together(writer: Writer, operations: list[Callable[[Connection, float], object]]) -> list[object]:
    """Return what each gave or raised; all of them wait while the first holds the writer."""
    held, go = threading.Event(), threading.Event()
    results: list[object] = [None] * len(operations)

    def run(number: int) -> None:
        try:
            results[number] = writer.run(operations[number])
        except Exception as error:
            results[number] = type(error)

    first = threading.Thread(target=lambda: writer.run(lambda *_: (held.set(), go.wait(2))))
    first.start()
    held.wait(2)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(operations))]
    for thread in threads:
        thread.start()
    while writer._waiting.qsize() < len(operations):
        pass
    go.set()
    for thread in (first, *threads):
        thread.join()
    return results


def test_what_fails_fails_alone(store: Store) -> None:
    writer = Writer(store, database_time)
    results = run_together(
        writer, [put("a"), refuse, put("b"), put("a"), put("nul\0" if not store.is_sqlite else "c"), put("d")]
    )
    assert results[1] is NotFound
    assert [results[0], results[3]].count(StoreUnavailable) == 1
    assert (results[2], results[5]) == ("b", "d")
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(turns)).scalar() == (4 if store.is_sqlite else 3)


def test_a_database_that_is_away_is_told_to_all_in_time(store: Store) -> None:
    writer = Writer(store, database_time)

    def away(_connection: Connection, _now: float) -> None:
        raise StoreUnavailable from OSError()

    with pytest.raises(StoreUnavailable):
        writer.run(away)
    assert writer.run(put("a")) == "a"


def test_who_stops_amid_a_transaction_holds_others_up_for_two_seconds_at_most(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("a process that was stopped holds the lock of SQLite until it is killed: see test_programs.py")
    with contextlib.ExitStack() as transaction:
        transaction.enter_context(pytest.raises(StoreUnavailable))  # it cannot be committed: PostgreSQL has ended it
        stopped = transaction.enter_context(store.write())
        store.take_turn(stopped)
        assert Writer(store, database_time).run(put("a")) == "a"
