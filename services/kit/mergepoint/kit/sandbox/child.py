"""The owner's side of one sandbox child: sends it a call, waits for the answer until the deadline, kills it."""

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence

from .time_limit import TimeLimit
from .zygote import ANSWER, DONE, FAILED, GREETING, MEMORY, REQUEST, START_TIMEOUT, Zygote

# A call is lowered in priority when it has worked for a tenth of its time, but not in its first milliseconds: 95 of 100
# files are done by then. Time that it waits for a processor does not count: many short calls at once are not long ones.
# First a little: beside four runners a processor it still has a thirteenth, enough for a quarter of its time in five
# times that, which is what honest work takes at most. From the half on, which only hostile calls reach, it gets what is
# left over.
DEMOTE_AFTER = 0.025
DEMOTE_SHARE, LAST_SHARE = 0.1, 0.5
DEMOTED_NICE, LAST_NICE = 5, 15
SHORTEST_WAIT = 0.002  # until the processor time of a child that gets little of it is looked at again
# Up to so many bytes, to copy the parts of a request together costs less than to send each.
COPIED = 1 << 16
# A dead owner's child ends itself so much later than the owner would have killed it.
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

    def run(self, request: Sequence[bytes], limit: TimeLimit, demote: Callable[[], None]) -> bytes:
        """Return the answer to *request*; *demote* is called when the child has worked for long enough, or waits."""
        if not self._pid:
            self._greet()
        limit.begin()
        before = self._processor_seconds()
        try:
            self._socket.settimeout(_wait(limit.wall))
            self._send(REQUEST.pack(sum(map(len, request)), limit.wall + ORPHAN_GRACE), *request)
            first = self._first_bytes(limit, before, demote)
            outcome, length = ANSWER.unpack_from(first)
            answer = first[ANSWER.size :]
            if len(answer) < length:
                answer += self._receive(length - len(answer), limit)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer after {self._processor_seconds() - before:.3f} s of work") from None
        except (OSError, struct.error):
            raise Crashed from None  # killed from outside, or by its own library
        finally:
            limit.spend(max(self._processor_seconds() - before, 0.0))
        self._calls_left -= 1
        self.spent = self.spent or outcome != DONE or self._calls_left <= 0
        if outcome == MEMORY:
            raise MemoryExceeded("out of memory")
        if outcome == FAILED:
            raise Crashed(answer.decode(errors="replace"))
        return answer

    def lower_priority(self, nice: int = DEMOTED_NICE) -> None:
        """For good: an unprivileged process may not raise it again, so the child serves no other call."""
        self.spent = True
        with contextlib.suppress(OSError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, self._pid, nice)

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

    def _first_bytes(self, limit: TimeLimit, before: float, demote: Callable[[], None]) -> bytes:
        """Return how the answer begins, or raise TimeoutError: when the child has had its processor time and as much
        of all time has passed (it may have threads), or when its wall time is over."""
        began, demoted, whole = time.monotonic(), False, limit.processor
        early, late = min(max(DEMOTE_AFTER, whole * DEMOTE_SHARE), whole), max(DEMOTE_AFTER, whole * LAST_SHARE)
        seconds = early
        while seconds > 0:
            self._socket.settimeout(_wait(seconds))
            with contextlib.suppress(TimeoutError):
                return self._socket.recv(1 << 16)
            passed = time.monotonic() - began
            worked = min(passed, self._processor_seconds() - before)
            if not demoted and (worked >= early or (passed >= early and not self._wants_a_processor())):
                demote()
                demoted = True
            if worked >= late:
                self.lower_priority(LAST_NICE)
            next_look = early if not demoted else late if worked < late else whole
            seconds = min(next_look - worked, limit.wall)
        raise TimeoutError

    def _wants_a_processor(self) -> bool:
        """Whether it has one, or waits for one (proc(5): R, or D in the kernel), and for nothing else."""
        try:
            with open(f"/proc/{self._pid}/stat") as stat:
                return stat.read().rpartition(") ")[2][:1] in "RD"
        except OSError:
            return False  # it has just ended

    def _processor_seconds(self) -> float:
        try:
            return time.clock_gettime(~self._pid << 3 | 2)  # clock_getcpuclockid(3), which Python lacks
        except OSError:
            return 0.0  # it has just ended

    def _receive(self, length: int, limit: TimeLimit) -> bytes:
        received = bytearray(length)
        view = memoryview(received)
        while view:
            self._socket.settimeout(_wait(limit.wall))
            count = self._socket.recv_into(view)
            if not count:
                raise OSError("closed")
            view = view[count:]
        return bytes(received)


def _wait(seconds: float) -> float:
    """Return *seconds* as a timeout, for which nothing and less mean something else."""
    return max(seconds, SHORTEST_WAIT)
