"""Describes the service to every face: its calls, their limits, its versions."""

from importlib.metadata import version

from mergepoint.kit.service import SandboxSetup, Service, Task

from . import attempts, core, deadlines, tasks
from .config import Settings
from .options import HtmldiffOptions

VERSION = "0.1.0"
LIBRARIES = {name: version(name) for name in ("icu4py", "nh3", "rapidfuzz", "selectolax")}


def describe(settings: Settings) -> Service:
    """Return the description of the service with *settings*."""
    return Service(
        name="htmldiff",
        version=VERSION,
        libraries=LIBRARIES,
        tasks={
            "htmldiff": Task(tasks.htmldiff, deadlines.htmldiff),
            "apply": Task(tasks.apply, deadlines.apply),
            "annotate": Task(tasks.annotate, deadlines.annotate),
        },
        health=("htmldiff", HtmldiffOptions(old="a", new="b", strict=True)),
        max_bytes=settings.max_bytes,
        sandbox=SandboxSetup(
            children=settings.children,
            memory=settings.memory_bytes,
            max_output_bytes=settings.max_output_bytes,
            prepare=prepare,
            functions={"htmldiff": attempts.htmldiff, "annotate": attempts.annotate},
        ),
    )


def prepare() -> None:
    """Load everything that a call may need, once, in the process that forks the children."""
    core.compare("<p>a 我喜欢苹果 ภาษาไทย</p>", "<p>b 我喜欢香蕉 ภาษา</p>", markup="full", page=True)
