"""An event loop with a time of its own, for tests of what waits: a busy machine changes nothing in it."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Never waits: the seconds that it should have waited are added to *now*."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready. Without a *timeout* nothing is due, so something from outside must come."""
        ready = super().select(None if timeout is None else 0)
        if timeout is not None and not ready:
            self.now += max(timeout, 0)
        return list(ready)


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its time stands still while something runs, and jumps to the next timer when nothing does."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return seconds since the loop was made, as its timers count them."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run *main* as ``asyncio.run`` does, in a JumpingLoop; ``asyncio.get_running_loop().time`` is its clock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
