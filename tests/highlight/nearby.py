"""The service's tasks around a sandbox that a test makes, and what a child of the real one would answer."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from mergepoint.highlight.config import Settings
from mergepoint.highlight.service import describe
from mergepoint.kit.dispatch import Function, server
from mergepoint.kit.service import RunningService

SERVICE = describe(Settings())
serve_here = server(SERVICE.in_children, most=1 << 20)


def tasks_in(sandbox: Any, clock: Callable[[], float] = time.monotonic) -> Mapping[str, Function]:
    """Return the tasks as the service does them with *sandbox*; no name of a language is known yet."""
    return RunningService(describe(Settings()), sandbox, clock).tasks
