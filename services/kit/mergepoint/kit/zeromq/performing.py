"""Runs a service's tasks for requests in frames, in threads: each waits for a child of the sandbox most of its time."""

import os
import queue
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from .. import problems
from ..dispatch import Answer, call, contents_of, model_of
from ..options import read_content
from ..problems import Problem
from ..service import RunningService
from .commands import Offer
from .messages import Frames, Header, Refused, answer_frames, problem_frames, read_header

log = structlog.get_logger()


class Tasks:
    """The tasks of a *running* service: frames in, frames out. Every refusal is a problem; nothing is raised."""

    def __init__(self, running: RunningService) -> None:
        self._service = running.service
        self._tasks = running.tasks
        # What a task takes is said by its own function: the sandboxed one is bound to the sandbox.
        self._models = {name: model_of(task.function) for name, task in self._service.tasks.items()}
        self._contents = {name: contents_of(task.function) for name, task in self._service.tasks.items()}

    @property
    def contents(self) -> Mapping[str, list[str]]:
        """The names of each task's contents."""
        return self._contents

    def perform(self, frames: Frames) -> list[bytes]:
        """Return the frames that answer the request in *frames*: a header and contents."""
        try:
            header = read_header(frames[0])
        except Refused as refused:  # the broker has read it, so this is not to be expected
            return problem_frames(refused.id, refused.problem, refused.request_id)
        try:
            with structlog.contextvars.bound_contextvars(request_id=header.request_id):
                return answer_frames(header.id, self._run(header, frames[1:]))
        except Problem as problem:
            return problem_frames(header.id, problem, header.request_id, self._service.status)
        except Exception:
            log.exception("unexpected", task=header.task, request_id=header.request_id)
            error = Problem("internal_error", problems.INTERNAL_ERROR)
            return problem_frames(header.id, error, header.request_id)

    def _run(self, header: Header, contents: Frames) -> Answer:
        name = header.task.rpartition("/")[2]
        names, model = self._contents[name], self._models[name]
        if contents and len(contents) != len(names):
            raise Problem.field("contents", f"{_many(names)} expected in frames, {len(contents)} came")
        options = dict(header.options)
        for content, data in zip(names, contents, strict=False):
            if content in options:
                raise Problem.field(content, "given more than once")
            assert model
            options[content] = read_content(model, content, data)
        return call(self._tasks[name], model, options)


def _many(names: list[str]) -> str:
    return f"{len(names)} ({', '.join(names)}) are" if names else "no content is"


class Performers:
    """Threads that perform requests. ``collect`` returns what is done, and ``wakes`` is readable when there is any."""

    def __init__(self, tasks: Tasks, offer: Offer) -> None:
        self._tasks = tasks
        self.offer = offer
        self._threads = ThreadPoolExecutor(offer.slots, thread_name_prefix="perform")
        self._done: queue.SimpleQueue[tuple[bytes, list[bytes]]] = queue.SimpleQueue()
        self.wakes = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.running = 0

    def begin(self, number: bytes, frames: Frames) -> None:
        """Perform the request in *frames*, known by *number*."""
        self.running += 1
        self._threads.submit(self._perform, number, frames)

    def collect(self) -> deque[tuple[bytes, list[bytes]]]:
        """Return the numbers and answers of the requests that are done since the last time."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.wakes)
        done: deque[tuple[bytes, list[bytes]]] = deque()
        with suppress(queue.Empty):
            while True:
                done.append(self._done.get_nowait())
        self.running -= len(done)
        return done

    def close(self) -> None:
        """Begin nothing more. What runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _perform(self, number: bytes, frames: Frames) -> None:
        self._done.put((number, self._tasks.perform(frames)))
        os.eventfd_write(self.wakes, 1)
