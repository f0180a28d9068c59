"""What a service is, said once for every face: its tasks, how a server limits them, its versions and its codes.

``mergepoint.<name>.service`` has a function ``describe(settings)`` that returns a Service. kit.web makes an HTTP face
of it and kit.cli a command line. It names no framework and starts nothing; ``Service.start`` does.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .config import module_of
from .dispatch import Answer, Function, run, server
from .options import Options
from .sandbox import Sandbox
from .sandboxed import TaskSandbox


@dataclass(frozen=True)
class Task:
    """One call of a service.

    *function* does the work: it takes one Options model, or nothing, and returns an Answer. *sandboxed* is how a server
    has it done for strangers: it takes a TaskSandbox and the options, calls functions there within a deadline, and
    decides on the answer when that passes. Without it a server calls *function* itself, which must then be cheap
    whatever it is given.
    """

    function: Function
    sandboxed: Callable[..., Answer] | None = None


@dataclass(frozen=True)
class SandboxSetup:
    """How a service's sandbox is made: see kit.sandbox.pool.Sandbox. Sizes are in bytes.

    A child runs the functions of all tasks that are sandboxed, under the tasks' names. *functions* are others, which
    only those tasks call, or what a child runs in place of a task's own function.
    """

    children: int = 4
    memory: int = 512 << 20
    max_output_bytes: int = 16 << 20
    prepare: Callable[[], object] = lambda: None
    later: Callable[[], Iterator[object]] = lambda: iter(())
    stragglers: int = 12
    functions: Mapping[str, Function] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """One service with its settings bound.

    *name* is the one word that it has everywhere. *version* and those of its *libraries*, by name, are all that decides
    about the bytes of an answer, beside options. *health* is a task and options that work if the service does.
    *max_bytes* limits the content of a request. *status* maps the service's own error codes to HTTP
    (kit.problems.STATUS has the common ones), *exposed_headers* are those of an Answer's ``meta`` that browsers may
    show to the scripts of other sites' pages.
    """

    name: str
    version: str
    libraries: Mapping[str, str]
    tasks: Mapping[str, Task]
    max_bytes: int
    health: tuple[str, Options] | None = None
    sandbox: SandboxSetup = SandboxSetup()
    status: Mapping[str, int] = field(default_factory=dict)
    exposed_headers: Sequence[str] = ()

    @property
    def functions(self) -> Mapping[str, Function]:
        """The tasks as they do the work by themselves, without limits: for a command line, whose user may wait."""
        return {name: task.function for name, task in self.tasks.items()}

    @property
    def in_children(self) -> Mapping[str, Function]:
        """What a child of the sandbox runs, by name."""
        return {name: task.function for name, task in self.tasks.items() if task.sandboxed} | dict(
            self.sandbox.functions
        )

    def start(self) -> "RunningService":
        """Return the service at work. Its sandbox is forked here: call this before the process has threads."""
        setup = self.sandbox
        sandbox = Sandbox(
            server(self.in_children, most=setup.max_output_bytes),
            prepare=setup.prepare,
            later=setup.later,
            children=setup.children,
            stragglers=setup.stragglers,
            memory=setup.memory,
        )
        if any(task.sandboxed for task in self.tasks.values()):
            sandbox.start()
        return RunningService(self, sandbox)


class RunningService:
    """A *service* at work: *tasks* are its functions by name, those on untrusted input done by *sandbox*."""

    def __init__(self, service: Service, sandbox: Sandbox, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.sandbox = sandbox
        within = TaskSandbox(service.name, sandbox, clock)
        self.tasks: Mapping[str, Function] = {
            name: partial(task.sandboxed, within) if task.sandboxed else task.function
            for name, task in service.tasks.items()
        }

    def check(self) -> None:
        """Raise if the service cannot do its job."""
        if self.service.health:
            name, options = self.service.health
            run(self.tasks[name], options)

    def close(self) -> None:
        """End the sandbox's children."""
        self.sandbox.close()


def find(name: str) -> Callable[[Any], Service]:
    """Return the ``describe`` of the service *name*, or raise LookupError if none is installed by that name."""
    describe: Callable[[Any], Service] = module_of(name, "service").describe
    return describe
