"""What these tests share: an engine that makes its tables at once, instead of when they are paid for."""

from collections.abc import Iterator

import pytest

from mergepoint.highlight.engine import lexers, tables
from mergepoint.highlight.engine.budget import Unlimited


@pytest.fixture(autouse=True, scope="module")
def no_tables() -> None:
    """Tables that other tests have begun would go on as those do."""
    lexers._tables.clear()


@pytest.fixture(autouse=True)
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Else a short text would be read as Pygments does, and prove nothing. Not for tests that are marked `patient`."""
    if "patient" not in request.keywords:
        monkeypatch.setattr(tables, "budget", Unlimited())
        monkeypatch.setattr(tables.Tables, "_make", _make)
        yield
    else:
        lexers._tables.clear()
        yield
        lexers._tables.clear()


def _make(self: tables.Tables, state: str, char: str) -> tuple[tables.Step, bool]:
    """Make a step, or fail: the engine itself would try one rule after another, and nobody would notice."""
    self.rules(state)
    assert self._read(state)
    step, finished = self._join(state, char) or (None, False)
    assert step
    assert finished
    return step, True
