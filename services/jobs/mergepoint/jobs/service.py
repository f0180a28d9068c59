"""What the service offers to faces other than HTTP: a check that needs no database."""

from mergepoint.kit.service import Service, Task

from . import tasks
from .config import Settings

VERSION = "0.1.0"


def describe(settings: Settings) -> Service:
    """Return the service with *settings*."""
    return Service("jobs", VERSION, libraries={}, tasks={"check": Task(tasks.check)}, max_bytes=settings.max_bytes)
