"""Calls a function on untrusted bytes in persistent children that can be killed.

It knows bytes and deadlines, not what they mean. A *zygote*, forked once from the owner and free of threads,
prepares the function (imports, compiled patterns) and then forks children on request, so that a new child starts
in milliseconds with everything warm::

    owner ──(send one end of a socket pair)──→ zygote ──fork──→ child
    owner ←────────── length-prefixed bytes over the pair ─────────→ child

The control socket takes whole messages and no replies, so every process forked from the owner may use it too.
"""

import contextlib
import gc
import os
import queue
import resource
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable

Function = Callable[[bytes], bytes]

REQUEST = struct.Struct("!Id")  # length, seconds until the child ends itself
ANSWER = struct.Struct("!BI")  # how it went, length
DONE, MEMORY, FAILED = range(3)

# A call is lowered in priority when a tenth of its time is over, but not in its first milliseconds: 95 of 100
# files are done by then.
DEMOTE_AFTER = 0.025
DEMOTE_SHARE = 0.1
DEMOTED_NICE = 15
# On a busy machine a child may get too little of a processor to do what it would have done in time. One that had less
# than so much of its deadline gets a little more; what is promised is an answer within deadline + 0.25 s.
STARVED = 0.7
STARVED_GRACE = 0.15
# What a dead owner's child may still use up: it ends itself so much later than the owner would have killed it.
ORPHAN_GRACE = 1.0
# A child makes room for a fresh one after so many calls; what libraries cache in it stays bounded.
CALLS_PER_CHILD = 5000
START_TIMEOUT = 60.0


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


class Sandbox:
    """Children that run *function*, at most *children* at a time.

    A call that runs long is lowered in priority and leaves its place to others; up to *stragglers* calls may be in
    that state. *prepare* runs once in the zygote, before the first child. *memory* is in bytes, per child, over
    what the zygote has. Nothing is started before ``start`` or the first call.
    """

    def __init__(
        self,
        function: Function,
        *,
        prepare: Callable[[], object] = lambda: None,
        children: int = 4,
        stragglers: int = 12,
        memory: int = 512 << 20,
        wait: float = 1.0,
    ) -> None:
        self._zygote = _Zygote(function, prepare, memory)
        self._children = children
        self._wait = wait
        self._lock = threading.Lock()
        self._places: queue.SimpleQueue[_Child] = queue.SimpleQueue()
        self._stragglers = threading.BoundedSemaphore(stragglers)
        self._most_stragglers = stragglers
        self._owner = 0

    def start(self) -> None:
        """Fork the zygote. Call it before the process has threads; processes forked later share it."""
        self._zygote.ensure()

    def call(self, request: bytes, *, deadline: float) -> bytes:
        """Return what the function makes of *request*; raise a SandboxError after at most *deadline* seconds.

        A child that was lost (killed from outside, out of file descriptors) is replaced once before giving up.
        """
        if self._owner != os.getpid():
            self._adopt()
        try:
            return self._call(request, deadline)
        except Crashed as crash:
            if crash.args:  # the function raised: it would again
                raise
            return self._call(request, deadline)

    def close(self) -> None:
        """End the children and, unless a forked process still uses it, the zygote."""
        with self._lock, contextlib.suppress(queue.Empty):
            while self._owner == os.getpid():
                self._places.get_nowait().close()
        self._owner = 0
        self._zygote.close()

    def _adopt(self) -> None:
        """Start children for this process; those inherited over a fork belong to the parent."""
        with self._lock:
            if self._owner == os.getpid():
                return
            inherited, self._places = self._places, queue.SimpleQueue()
            with contextlib.suppress(queue.Empty):
                while True:
                    inherited.get_nowait().release()
            self._stragglers = threading.BoundedSemaphore(self._most_stragglers)
            for _ in range(self._children):
                self._places.put(_Child(self._zygote))
            self._owner = os.getpid()

    def _call(self, request: bytes, deadline: float) -> bytes:
        try:
            child = self._places.get(timeout=self._wait)
        except queue.Empty:
            raise Busy(f"all {self._children} children were busy for {self._wait} s") from None
        call = _Call(self, child)
        try:
            return child.run(request, deadline, call.demote)
        except SandboxError:
            child.spent = True
            raise
        finally:
            call.finish()


class _Call:
    """One call's place among the children: kept until it ends, or given up when it runs long."""

    def __init__(self, sandbox: Sandbox, child: "_Child") -> None:
        self.sandbox = sandbox
        self.child = child
        self.straggles = False

    def demote(self) -> None:
        """Lower the priority, and let the next call have the place if not too many straggle already."""
        self.child.lower_priority()
        self.straggles = self.sandbox._stragglers.acquire(blocking=False)
        if self.straggles:
            self.sandbox._places.put(_Child(self.sandbox._zygote))

    def finish(self) -> None:
        if self.child.spent:
            self.child.close()
        if self.straggles:
            self.sandbox._stragglers.release()
        else:
            self.sandbox._places.put(_Child(self.sandbox._zygote) if self.child.spent else self.child)


class _Child:
    """The owner's side of one child. Its start is asked for at once and waited for at the first call."""

    def __init__(self, zygote: "_Zygote") -> None:
        self.calls = 0
        self.spent = False  # not to be used again
        self._pid = 0
        self._handle = -1  # a pidfd: unlike a number, it cannot come to mean another process
        self._socket, theirs = socket.socketpair()
        with theirs:
            zygote.fork_child(theirs)

    def run(self, request: bytes, deadline: float, demote: Callable[[], None]) -> bytes:
        if not self._pid:
            self._greet()
        ends = time.monotonic() + deadline + STARVED_GRACE
        try:
            self._socket.settimeout(deadline)
            self._socket.sendall(REQUEST.pack(len(request), deadline + ORPHAN_GRACE) + request)
            first = self._first_bytes(deadline, demote)
            outcome, length = ANSWER.unpack_from(first)
            answer = first[ANSWER.size :]
            if len(answer) < length:
                answer += self._receive(length - len(answer), ends)
        except TimeoutError:
            raise DeadlineExceeded(f"no answer after {deadline:.3f} s") from None
        except (OSError, struct.error):
            raise Crashed from None  # killed from outside, or by its own library
        self.calls += 1
        self.spent = self.spent or outcome != DONE or self.calls >= CALLS_PER_CHILD
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

    def _greet(self) -> None:
        """Learn who the child is, which waits for the zygote's preparation if that still runs."""
        self._socket.settimeout(START_TIMEOUT)
        try:
            message, handles, _, _ = socket.recv_fds(self._socket, 16, 1)
            self._handle, self._pid = handles[0], int(message)
        except (OSError, ValueError, IndexError):
            raise Busy("no child could be started") from None

    def _first_bytes(self, deadline: float, demote: Callable[[], None]) -> bytes:
        worked_before = self._processor_seconds()
        patience = min(max(DEMOTE_AFTER, deadline * DEMOTE_SHARE), deadline)

        def refuse_unless_starved() -> None:
            if self._processor_seconds() - worked_before > deadline * STARVED:
                raise TimeoutError

        steps = ((patience, demote), (deadline - patience, refuse_unless_starved), (STARVED_GRACE, lambda: None))
        for seconds, react in steps:
            self._socket.settimeout(max(seconds, 0.001))
            try:
                return self._socket.recv(1 << 16)
            except TimeoutError:
                react()
        raise TimeoutError

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


class _Zygote:
    """Forks children that are prepared already."""

    def __init__(self, function: Function, prepare: Callable[[], object], memory: int) -> None:
        self._function = function
        self._prepare = prepare
        self._memory = memory
        self._control: socket.socket | None = None
        self._lock = threading.Lock()

    def ensure(self) -> socket.socket:
        with self._lock:
            if self._control is None:
                self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                if not os.fork():
                    _as_zygote(theirs, self._function, self._prepare, self._memory)
                theirs.close()
            return self._control

    def fork_child(self, theirs: socket.socket) -> None:
        """Ask for a child at the other end of *theirs*. A zygote that was lost is replaced."""
        for _ in range(2):
            control = self.ensure()
            try:
                socket.send_fds(control, [b"fork"], [theirs.fileno()])
                return
            except OSError:
                self._forget(control)

    def close(self) -> None:
        with self._lock:
            if self._control is not None:
                self._control.close()
                self._control = None

    def _forget(self, control: socket.socket) -> None:
        with self._lock:
            if self._control is control:
                control.close()
                self._control = None


def _as_zygote(
    control: socket.socket,
    function: Function,
    prepare: Callable[[], object],
    memory: int,
) -> None:
    """Prepare, then fork a child for every message, until nobody is left who could send one. Never returns."""
    try:
        os.setpgid(0, 0)  # a Ctrl-C in the owner's terminal is the owner's
        _close_all_but(control.fileno())
        for number in (
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGQUIT,
            signal.SIGALRM,
            signal.SIGUSR1,
        ):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
        prepare()
        gc.collect()
        gc.freeze()  # what is there now stays shared with the children
        while True:
            message, handles, _, _ = socket.recv_fds(control, 16, 1)
            if not message:
                os.killpg(0, signal.SIGKILL)
            if not os.fork():
                control.close()
                _as_child(socket.socket(fileno=handles[0]), function, memory)
            os.close(handles[0])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _as_child(owner: socket.socket, function: Function, memory: int) -> None:
    """Answer calls until the owner is gone. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _limit(memory)
    handle = os.pidfd_open(os.getpid())
    try:
        socket.send_fds(owner, [str(os.getpid()).encode()], [handle])
        os.close(handle)
        while True:
            length, ends_itself = REQUEST.unpack(_read(owner, REQUEST.size))
            request = _read(owner, length)
            signal.setitimer(signal.ITIMER_REAL, ends_itself)
            outcome, answer = _run(function, request)
            signal.setitimer(signal.ITIMER_REAL, 0)
            owner.sendall(ANSWER.pack(outcome, len(answer)) + answer)
    except (EOFError, OSError):
        os._exit(0)  # the owner is gone
    except BaseException:
        os._exit(1)


def _run(function: Function, request: bytes) -> tuple[int, bytes]:
    try:
        return DONE, function(request)
    except MemoryError:
        return MEMORY, b""
    except Exception:
        return FAILED, traceback.format_exc(limit=-8).encode(errors="replace")[-4000:]


def _limit(memory: int) -> None:
    """Bound the child's address space, and take away files that grow and core dumps."""
    with open("/proc/self/statm") as sizes:
        pages = int(sizes.read().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(owner: socket.socket, length: int) -> bytes:
    data = owner.recv(length, socket.MSG_WAITALL) if length else b""
    if len(data) < length:
        raise EOFError
    return data


def _close_all_but(control: int) -> None:
    """Close what a fork inherits, so that no listening socket or connection outlives its owner here."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != control:
            with contextlib.suppress(OSError):
                os.close(int(name))
