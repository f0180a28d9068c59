"""Passes on the output of the services: as JSON, one object a line, to a program; in readable lines to a person.

nginx opens its log by name, which fails for a socket and for another user's file, so every program writes to a pipe of
the runner. The thread here only reads these pipes.
"""

import contextlib
import fcntl
import json
import os
import secrets
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from . import entries, people
from .machine import Machine
from .people import People
from .stream import Stream

PIPE = 1 << 20  # bytes; under load, the default of 64 KB is full after some milliseconds
F_SETPIPE_SZ = 1031  # fcntl(2)
REMEMBERED = 8192  # bytes of each program's last output
BATCH = 0.01  # seconds to wait for more: nginx writes 4 KB at a time, and each piece costs a switch of two threads
LONGEST = 1 << 16  # bytes of a line; a longer line is cut
OURS = "run"  # the name of the service in lines of the runner itself


class Source:
    """A pipe that the program *service* writes to, and the *stream* that its output goes to."""

    def __init__(self, service: str, stream: "Output") -> None:
        self.service, self.stream = service, stream
        self.rest = b""

    def lines(self, data: bytes) -> bytes:
        """Return the whole lines that *data* completes, so that lines of two programs never mix."""
        whole, end, self.rest = (self.rest + data).rpartition(b"\n")
        if (not data and self.rest) or len(self.rest) > LONGEST:
            whole, end, self.rest = whole + end + self.rest, b"\n", b""
        return whole + end


class Output:
    """Standard output or error, and the way its lines look."""

    def __init__(self, number: int, own_requests: str) -> None:
        self.format = People(own_requests) if os.isatty(number) else Machine()
        self._stream = Stream(number, lambda lines: self.format.lines(OURS, lost(lines)))

    def put(self, service: str, lines: bytes) -> None:
        self._stream.put(lambda: self.format.lines(service, lines), size=len(lines), lines=lines.count(b"\n"))

    def then(self, do: Callable[[], bytes]) -> None:
        """Write the result of *do* after all earlier output."""
        self._stream.put(do)

    def set_quiet(self, quiet: bool) -> bytes:
        self.format.quiet = quiet
        return b""

    def close(self) -> None:
        self._stream.close()


class Logs:
    """The programs' pipes, and the two outputs, which are one if they are one terminal or file."""

    def __init__(self, out: int = 1, errors: int = 2) -> None:
        self.own_requests = secrets.token_hex(16)  # the id of requests that we make: nobody needs to read of them
        self.errors = Output(errors, self.own_requests)
        same = os.path.samestat(os.fstat(out), os.fstat(errors))
        self.out = self.errors if same else Output(out, self.own_requests)
        self._tails: dict[str, bytes] = {}
        self._tasks: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        wakes, self._waker = os.pipe2(os.O_CLOEXEC)
        self._selector.register(wakes, selectors.EVENT_READ)
        self._closing = False
        self._thread = threading.Thread(target=self._read_all, daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def pipes(self, service: str) -> Iterator[tuple[int, int]]:
        """Make two pipes to start a program with, for its standard output and error."""
        self._tails[service] = b""
        writers = tuple(self._pipe(Source(service, stream)) for stream in (self.out, self.errors))
        try:
            yield writers[0], writers[1]
        finally:
            for writer in writers:
                os.close(writer)

    def say(self, level: str, event: str, **fields: object) -> None:
        """Write a line of the runner itself, after all output of the programs so far."""
        line = own_line(level, event, **fields)
        self._do(lambda: self.errors.put(OURS, line))

    def show(self, text: str, event: str, **fields: object) -> None:
        """Show *text* to a person, or *event* and *fields* to a program, after all output so far."""
        if isinstance(self.out.format, People):
            self._do(lambda: self.out.then(text.encode))
        else:
            self._do(lambda: self.out.put(OURS, own_line("info", event, **fields)))

    def hush(self) -> None:
        """From now on, hide from a person the usual lines of programs that start and end."""
        for output in {self.out, self.errors}:
            output.set_quiet(True)

    def speak(self) -> None:
        """Show a person all output from now on."""
        for output in {self.out, self.errors}:
            self._do(lambda output=output: output.then(lambda: output.set_quiet(False)))  # type: ignore[misc]

    def last_lines(self, service: str, count: int) -> list[str]:
        """Return the last *count* lines of the program *service*, readable for a person."""
        read = threading.Event()
        self._do(read.set)
        read.wait(1)
        tail = self._tails.get(service, b"").splitlines()[-count:]
        return [people.text(entries.entry(service, line)) for line in tail]

    def close(self) -> None:
        """Pass on the remaining output. Call it after all programs have ended."""
        self._do(self._end)
        self._thread.join(2)
        for output in {self.out, self.errors}:
            output.close()

    def _end(self) -> None:
        self._closing = True

    def _pipe(self, source: Source) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # it exceeds what this user may have in pipes
            fcntl.fcntl(writer, F_SETPIPE_SZ, PIPE)
        self._do(lambda: self._selector.register(reader, selectors.EVENT_READ, source) and None)
        return writer

    def _do(self, task: Callable[[], None]) -> None:
        """Let the thread run *task* after it has read everything that is now in the pipes."""
        self._tasks.append(task)
        os.write(self._waker, b"\0")

    def _read_all(self) -> None:
        due = 0  # tasks to run; before each, all pipes are read, those that the previous task added included
        ready: list[Any] = []
        while due or ready or not self._closing:
            ready = self._selector.select(0 if due or self._closing else None)
            for key, _ in ready:
                if key.data:
                    self._read(key.fd, key.data)
                else:
                    due += len(os.read(key.fd, 4096))
            if due:
                self._tasks.popleft()()
                due -= 1
            else:
                time.sleep(BATCH)

    def _read(self, reader: int, source: Source) -> None:
        data = os.read(reader, PIPE)
        if lines := source.lines(data):
            self._tails[source.service] = (self._tails[source.service] + lines[-REMEMBERED:])[-REMEMBERED:]
            source.stream.put(source.service, lines)
        if not data:
            self._selector.unregister(reader)
            os.close(reader)


def own_line(level: str, event: str, **fields: object) -> bytes:
    said = {"event": event, "level": level, "timestamp": entries.now(), "service": OURS, **fields}
    return json.dumps(said, ensure_ascii=False, default=str).encode() + b"\n"


def lost(lines: int) -> bytes:
    return own_line("warning", "lines were lost: the reader of this log is too slow", lines=lines)
