"""Describes the service to every face: its calls, their limits, its versions and codes."""

import os
from importlib.metadata import version

from mergepoint.kit.sandbox import heap
from mergepoint.kit.service import SandboxSetup, Service, Task

from . import deadlines, sizes
from .config import Settings
from .options import ThumbnailOptions
from .spec import Limits
from .tasks import Tasks
from .warmup import SAMPLE, warm_up

VERSION = "0.1.0"
LIBRARIES = {name: version(name) for name in ("isal", "kornia_rs", "numpy", "pillow", "simplejpeg")}
STATUS = {"unsupported_type": 415, "bad_signature": 403, "expired": 403, "malformed_link": 404, "source_not_found": 404}
KEPT = 128 << 20  # bytes of heap that a child keeps between calls: WebP pictures of 3 million pixels need less


def describe(settings: Settings) -> Service:
    """Return the description of the service with *settings*."""
    limits = settings.limits
    tasks, within = Tasks(limits), deadlines.Deadlines(limits)
    return Service(
        name="thumbnail",
        version=VERSION,
        libraries=LIBRARIES,
        tasks={
            "thumbnail": Task(tasks.thumbnail, within.thumbnail),
            "info": Task(tasks.info, within.info),
            "set": Task(tasks.make_set, within.make_set),
            "render": Task(tasks.render, within.render),
            "measure": Task(tasks.measure, deadlines.measure),
        },
        health=("thumbnail", ThumbnailOptions(image=SAMPLE, width=1)),
        max_bytes=settings.max_bytes,
        sandbox=SandboxSetup(
            children=settings.children,
            stragglers=settings.children,
            memory=settings.memory_bytes,
            max_output_bytes=settings.max_output_bytes,
            prepare=lambda: prepare(limits),
        ),
        status=STATUS,
        exposed_headers=sizes.HEADERS,
    )


def prepare(limits: Limits) -> None:
    """Load and try every codec, once, in the process that the children are forked from."""
    heap.keep(KEPT)
    warm_up(limits.more_formats)
    if "TIFF" in limits.more_formats:  # libtiff prints warnings to stderr, but the log there is JSON
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
