"""Hostile text through all of the suite: nginx with its limits on, gunicorn, the sandbox."""

from collections.abc import Iterator

import pytest

from tests.attacks import SLOW, ask, best_of_rounds, deadline
from tests.live.suite import Suite
from tests.servers import Connection, need


@pytest.fixture(scope="module")
def limited() -> Iterator[Suite]:
    """The suite as `make run` starts it, with every setting at its default."""
    need("setpriv")
    suite = Suite(MERGEPOINT_LIMITS="on").start()
    yield suite
    suite.stop()


def test_a_well_behaved_client_hardly_notices_four_attackers(limited: Suite) -> None:
    """They are on other addresses, with one connection each."""
    seen = best_of_rounds(limited.port)
    assert seen.as_promised(), str(seen)


def test_a_degraded_answer_is_marked_and_never_stored(limited: Suite) -> None:
    connection = Connection(limited.port)
    language, text = SLOW[0]
    for _ in range(2):
        took, reply = ask(connection, language, text)
        assert (reply.status, reply.headers["Mergepoint-Degraded"]) == (200, "deadline")
        assert reply.headers["Cache-Status"].startswith("mergepoint; fwd")
        assert took > deadline(text)
    connection.close()
