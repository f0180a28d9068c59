"""The owner's side of one sandbox child: sends it a call, waits for the answer until the deadline, kills it."""

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence

from .zygote import ANSWER, DONE, FAILED, GREETING, MEMORY, REQUEST, START_TIMEOUT, Zygote

# A call is lowered in priority when it has worked for a tenth of its time, but not in its first milliseconds: 95 of 100
# files are done by then. Time that it waits for a processor does not count: many short calls at once are not long ones.
DEMOTE_AFTER = 0.025
DEMOTE_SHARE = 0.1
DEMOTE_STEP = 0.25  # of that time, until it is looked at again
DEMOTED_NICE = 15
# On a busy machine a child may get too little of a processor to do what it would have done in time. One that had less
# than so much of its time, and wants more, gets a little more; promised is an answer within deadline + 0.25 s.
STARVED = 0.7
STARVED_GRACE = 0.15
# Up to so many bytes, to copy the parts of a request together costs less than to send each.
COPIED = 1 << 16
# What a dead owner's child may still use up: it ends itself so much later than the owner would have killed it.
ORPHAN_GRACE = 1.0


class SandboxError(Exception):
    """A call had no answer."""


class DeadlineExceeded(SandboxError):
    """The call took longer than its deadline; its child was killed."""


class MemoryExceeded(SandboxError):
    """The call needed more memory than a child may have."""


class Crashed(SandboxError):
    """The child died or the function raised; the message holds what it left."""


class Busy(SandboxError):
    """No child was to be had: all were busy for as long as a call may wait, or none could be started."""


class Child:
    """The owner's side of one child. Its start is asked for at once and waited for at the first call."""

    def __init__(self, zygote: Zygote) -> None:
        self._calls_left = 0
        self.spent = False  # not to be used again
        self._pid = 0
        self._handle = -1  # a pidfd: unlike a number, it cannot come to mean another process
        self._zygote = zygote
        self._socket, theirs = socket.socketpair()
        with theirs:
            zygote.fork_child(theirs)

    def run(self, request: Sequence[bytes], deadline: float, demote: Callable[[], None]) -> bytes:
        if not self._pid:
            self._greet()
        ends = time.monotonic() + deadline + STARVED_GRACE
        try:
            self._socket.settimeout(deadline)
            self._send(REQUEST.pack(sum(map(len, request)), deadline + ORPHAN_GRACE), *request)
            first = self._first_bytes(deadline, demote)
            outcome, length = ANSWER.unpack_from(first)
            answer = first[ANSWER.size :]
            if len(answer) < length:
                answer += self._receive(length - len(answer), ends)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer after {deadline:.3f} s") from None
        except (OSError, struct.error):
            raise Crashed from None  # killed from outside, or by its own library
        self._calls_left -= 1
        self.spent = self.spent or outcome != DONE or self._calls_left <= 0
        if outcome == MEMORY:
            raise MemoryExceeded("out of memory")
        if outcome == FAILED:
            raise Crashed(answer.decode(errors="replace"))
        return answer

    def lower_priority(self) -> None:
        """For good: an unprivileged process may not raise it again, so the child serves no other call."""
        self.spent = True
        with contextlib.suppress(OSError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, self._pid, DEMOTED_NICE)

    def close(self) -> None:
        """Kill the child."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.release()

    def release(self) -> None:
        """Let go of the child without ending it: it ends by itself when nobody holds its socket."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._socket.close()

    def _send(self, *parts: bytes) -> None:
        if sum(map(len, parts)) <= COPIED:
            parts = (b"".join(parts),)
        for part in parts:
            self._socket.sendall(part)

    def _greet(self) -> None:
        """Learn who the child is, which waits for the zygote's preparation if that still runs."""
        self._socket.settimeout(START_TIMEOUT)
        try:
            message, handles, _, _ = socket.recv_fds(self._socket, GREETING.size, 1)
            self._pid, self._calls_left = GREETING.unpack(message)
            self._handle = handles[0]
            self._zygote.prepared = True
        except (OSError, struct.error, IndexError):
            raise Busy("no child could be started") from None

    def _first_bytes(self, deadline: float, demote: Callable[[], None]) -> bytes:
        """Return how the answer begins; *demote* is called when the child has worked for long enough."""
        worked_before = self._processor_seconds()
        ends = time.monotonic() + deadline
        patience = min(max(DEMOTE_AFTER, deadline * DEMOTE_SHARE), deadline)
        seconds, demoted = patience, False
        while seconds > 0:
            self._socket.settimeout(max(seconds, 0.001))
            with contextlib.suppress(TimeoutError):
                return self._socket.recv(1 << 16)
            if not demoted and not self._starves(worked_before, patience):
                demote()
                demoted = True
            left = ends - time.monotonic()
            seconds = left if demoted else min(left, patience * DEMOTE_STEP)
        if not self._starves(worked_before, deadline):
            raise TimeoutError
        self._socket.settimeout(STARVED_GRACE)
        return self._socket.recv(1 << 16)

    def _starves(self, worked_before: float, seconds: float) -> bool:
        """Whether the child wants a processor (proc(5): R, or D in the kernel) but had one much less than *seconds*."""
        return self._processor_seconds() - worked_before < seconds * STARVED and self._state() in "RD"

    def _state(self) -> str:
        try:
            with open(f"/proc/{self._pid}/stat") as stat:
                return stat.read().rpartition(") ")[2][:1]
        except OSError:
            return "X"  # it has just ended

    def _processor_seconds(self) -> float:
        try:
            return time.clock_gettime(~self._pid << 3 | 2)  # clock_getcpuclockid(3), which Python lacks
        except OSError:
            return 0.0  # it has just ended

    def _receive(self, length: int, ends: float) -> bytes:
        received = bytearray(length)
        view = memoryview(received)
        while view:
            self._socket.settimeout(max(ends - time.monotonic(), 0.001))
            count = self._socket.recv_into(view)
            if not count:
                raise OSError("closed")
            view = view[count:]
        return bytes(received)
