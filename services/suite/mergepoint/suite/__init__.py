"""WSGI, the smallest merge point: every service in one Python process, and any other WSGI application beside them.

``wsgi`` is the whole suite as one application. ``dispatch`` makes one application of several, ``inject`` gives them
common information, ``to_django`` and ``from_django`` lead into Django and out of it. Importing this does nothing, and
needs no framework.
"""

from typing import TYPE_CHECKING

from .django_bridge import from_django, to_django
from .injection import inject
from .mounts import dispatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import WSGIApplication

    from .application import Suite

__all__ = ["dispatch", "from_django", "inject", "to_django", "wsgi"]


def wsgi(
    only: "str | Iterable[str] | None" = None,
    *,
    mounts: "Mapping[str, WSGIApplication] | None" = None,
    threads: int | None = None,
) -> "Suite":
    """Return the suite as a WSGI application: see ``mergepoint.suite.application.Suite``."""
    from .application import Suite

    return Suite(only, mounts=mounts, threads=threads)
