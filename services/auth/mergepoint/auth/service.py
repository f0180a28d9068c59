"""What the service offers to faces other than HTTP: a check that needs neither database nor login."""

from mergepoint.kit.service import Service, Task

from . import tasks
from .config import Settings

VERSION = "0.1.0"


def describe(settings: Settings) -> Service:
    """Return the service with *settings*."""
    check = Task(tasks.check)
    return Service("auth", VERSION, libraries={}, tasks={"check": check}, max_bytes=settings.max_bytes)
