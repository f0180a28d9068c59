"""What these tests share: an engine that makes its tables at once, instead of when they are paid for."""

from collections.abc import Iterator

import pytest

from mergepoint.highlight.engine import firsts, lexers, tables


@pytest.fixture(autouse=True)
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Else a short text would be read as Pygments does, and prove nothing. Not for tests that are marked `patient`."""
    if "patient" not in request.keywords:
        monkeypatch.setattr(tables, "SECONDS_BEFORE", -1e9)
        monkeypatch.setattr(tables.Tables, "_made", _made)
        yield
    else:
        lexers._tables.clear()
        yield
        lexers._tables.clear()


def _made(self: tables.Tables, state: str, char: str) -> tables.Step:
    """Make a step, or fail: the engine itself would try one rule after another, and nobody would notice."""
    return self._step(self.states[state][None], ord(char) if char else firsts.END)
