"""What these tests share: an engine that makes its tables at once, instead of when they are paid for."""

from collections.abc import Iterator

import pytest

from mergepoint.highlight.engine import lexers, tables


@pytest.fixture(autouse=True)
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Else a short text would be read as Pygments does, and prove nothing. Not for tests that are marked `patient`."""
    if "patient" not in request.keywords:
        monkeypatch.setattr(tables, "SECONDS_BEFORE", -1e9)
        monkeypatch.setattr(tables.Tables, "one_by_one", _refuse)
        yield
    else:
        lexers._tables.clear()
        yield
        lexers._tables.clear()


def _refuse(self: tables.Tables, state: str) -> None:
    pytest.fail(f"the engine gave up on state {state}")
