"""What the service is, for every face: its calls, their limits, its versions."""

import contextlib
from collections.abc import Iterator
from functools import partial

import pygments
from pygments.lexers import _iter_lexerclasses

from mergepoint.kit.service import SandboxSetup, Service, Task

from . import core, engine, fonts, lexers, stylesheets, tasks
from .config import Settings
from .deadlines import Deadlines
from .formats import FORMATS
from .options import HighlightOptions

VERSION = "0.1.0"
LIBRARIES = {"pygments": pygments.__version__}


def describe(settings: Settings) -> Service:
    """Return the service with *settings*."""
    deadlines = Deadlines()
    fast = settings.engine == "fast"
    highlight = tasks.highlight if fast else partial(tasks.highlight, render=pygments.highlight)
    return Service(
        name="highlight",
        version=VERSION,
        libraries=LIBRARIES,
        tasks={
            "highlight": Task(highlight, deadlines.highlight),
            "batch": Task(tasks.batch, deadlines.batch),
            "guess": Task(tasks.guess, deadlines.guess),
            "languages": Task(tasks.list_languages),
            "formats": Task(tasks.list_formats),
            "styles": Task(tasks.list_styles),
            "stylesheet": Task(tasks.stylesheet),
        },
        health=("highlight", HighlightOptions(code="", language="text", strict=True)),
        max_bytes=settings.max_bytes,
        sandbox=SandboxSetup(
            children=settings.children,
            memory=settings.memory_bytes,
            max_output_bytes=settings.max_output_bytes,
            prepare=prepare,
            later=prepare_later if fast else lambda: iter(()),
            functions={"check": tasks.check},
        ),
        exposed_headers=("Mergepoint-Language", "Mergepoint-Plaintext"),
    )


def prepare() -> None:
    """Load all that a call may need, once, where the children are forked from."""
    lexers.load_all()
    stylesheets.styles()
    for name in FORMATS:
        with contextlib.suppress(fonts.PngUnavailable):  # png alone is then refused, and says why
            core.highlight("x = '中😀'", "python", format=name)


def prepare_later() -> Iterator[object]:
    """Make ready what is not worth waiting for: the most used languages, then what others need that takes long."""
    yield from lexers.warm_most_used()
    yield from engine.read_all(kind() for kind in _iter_lexerclasses())
