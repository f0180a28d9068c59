"""Writes standard output or error in a thread. A reader gets all output; if it stops reading, no service waits."""

import contextlib
import errno
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

ROOM = 8 << 20  # bytes that may wait for the reader
STOPPED = 1.0  # seconds without reading; then the reader has stopped, and output without room is lost and counted
GONE = {errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO, errno.ECONNRESET, errno.ENOTCONN}
LAST_WORDS = 2.0  # seconds to write the remaining output at the end

Render = Callable[[], bytes]


class Stream:
    """Writes to the file descriptor *number*; *lost* makes a line that says how many lines are missing."""

    def __init__(self, number: int, lost: Callable[[int], bytes]) -> None:
        self.number = number
        self._lost = lost
        self._waiting: deque[tuple[Render, int]] = deque()
        self._size = self._missing = 0
        self._progress = 0.0  # the time of the last write
        self._changed = threading.Condition()
        self._closing = self._gone = False
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def put(self, render: Render, *, size: int = 0, lines: int = 0) -> None:
        """Let the thread write the result of *render* in its turn; it stands for *lines* lines of *size* bytes."""
        with self._changed:
            if not self._size:
                self._progress = time.monotonic()  # there was nothing to write
            while not self._gone and self._size + size > ROOM:
                if not self._changed.wait(self._progress + STOPPED - time.monotonic()):
                    self._missing += lines
                    return
            if self._gone:
                return
            if self._missing:
                self._waiting.append((lambda lines=self._missing: self._lost(lines), 0))  # type: ignore[misc]
                self._missing = 0
            self._size += size
            self._waiting.append((render, size))
            self._changed.notify_all()

    def close(self) -> None:
        """Write the waiting output, for at most LAST_WORDS seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(LAST_WORDS)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                render, size = self._waiting.popleft()
            self._write(render())
            with self._changed:
                self._size -= size
                self._changed.notify_all()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and not self._gone:
            try:
                rest = rest[os.write(self.number, rest) :]
                self._progress = time.monotonic()
            except BlockingIOError:  # another process that shares the file has set O_NONBLOCK
                with contextlib.suppress(OSError):
                    select.select([], [self.number], [], 1.0)
            except OSError as error:
                self._gone = error.errno in GONE
                return
