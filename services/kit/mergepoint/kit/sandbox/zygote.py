"""The forked side of the sandbox: the zygote, which forks children that are prepared, and what a child does.

A zygote has no threads, so its children begin without somebody else's locks. It is asked over a socket that takes
whole messages and gives no replies: all processes forked from the owner may use it at once. While nobody asks, it goes
on preparing what makes children faster but is not worth waiting for.
"""

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from . import heap

Function = Callable[[bytes], bytes]
Steps = Callable[[], Iterator[object]]

GREETING = struct.Struct("!II")  # process id, how many calls it may serve
REQUEST = struct.Struct("!Id")  # length, seconds until the child ends itself
ANSWER = struct.Struct("!BI")  # how it went, length
DONE, MEMORY, FAILED = range(3)
START_TIMEOUT = 60.0
# A child is replaced after this many calls, so that the caches of its libraries stay small; one that was forked before
# the preparation was complete, sooner.
CALLS_PER_CHILD = 5000
CALLS_PER_EARLY_CHILD = 50
IDLE = 1.0  # seconds without a call, until a child gives back the memory that it keeps for the next
OBJECTS_PER_COLLECTION = 50_000  # some 10 MB, of which most are freed without looking for them
OWNERS_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGALRM, signal.SIGUSR1)


class Zygote:
    """Forks children that are prepared already."""

    def __init__(self, function: Function, prepare: Callable[[], object], later: Steps, memory: int) -> None:
        self._function = function
        self._prepare = prepare
        self._later = later
        self._memory = memory
        self._control: socket.socket | None = None
        self.prepared = False  # a child has greeted this process: until then no call is refused for taking long
        self._pid = 0
        self._locks: dict[int, threading.Lock] = {}

    def ensure(self) -> socket.socket:
        """Return the socket to ask on; fork the zygote unless there is one."""
        with lock_of_this_process(self._locks):
            if self._control is None:
                self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                self._pid = os.fork()
                if not self._pid:
                    _as_zygote(theirs, self._function, self._prepare, self._later, self._memory)
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
        with lock_of_this_process(self._locks):
            if self._control is not None:
                self._control.close()
                self._control = None

    def wait_for_end(self, seconds: float) -> bool:
        """Wait for at most *seconds* until the zygote has ended, and its children with it; return whether it has."""
        ends = time.monotonic() + seconds
        while self._pid:
            try:
                if os.waitpid(self._pid, os.WNOHANG) != (0, 0):
                    self._pid = 0
            except ChildProcessError:  # reaped already, or another process's
                self._pid = 0
            if self._pid and time.monotonic() > ends:
                return False
            if self._pid:
                time.sleep(0.01)
        return True

    def _forget(self, control: socket.socket) -> None:
        with lock_of_this_process(self._locks):
            if self._control is control:
                control.close()
                self._control = None
                with contextlib.suppress(ChildProcessError):  # reaped already, or another process's
                    os.waitpid(self._pid, os.WNOHANG)


def lock_of_this_process(locks: dict[int, threading.Lock]) -> threading.Lock:
    """Return the lock for this process: one that a thread held at a fork would be held in the child for ever."""
    return locks.setdefault(os.getpid(), threading.Lock())


def _as_zygote(
    control: socket.socket, function: Function, prepare: Callable[[], object], later: Steps, memory: int
) -> NoReturn:
    """Prepare, then fork a child for every message, until nobody is left who could send one."""
    try:
        os.setpgid(0, 0)  # a Ctrl-C in the owner's terminal is the owner's
        close_all_but(control.fileno())
        for number in OWNERS_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
        gc.disable()  # prepared objects stay; looking for garbage among them took a fourth of the time
        prepare()
        _settle()
        for _ in later():
            while select.select([control], [], [], 0)[0]:
                _fork_child(control, function, memory, CALLS_PER_EARLY_CHILD)
        _settle()
        while True:
            _fork_child(control, function, memory, CALLS_PER_CHILD)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _settle() -> None:
    """Let what is there now stay shared with the children."""
    gc.collect()
    heap.give_back()
    gc.freeze()


def _fork_child(control: socket.socket, function: Function, memory: int, calls: int) -> None:
    message, handles, _, _ = socket.recv_fds(control, 16, 1)
    if not message:
        os.killpg(0, signal.SIGKILL)
    gc.freeze()  # objects that are prepared by now stay shared: the child's collector leaves them alone
    if not os.fork():
        control.close()
        _as_child(socket.socket(fileno=handles[0]), function, memory, calls)
    os.close(handles[0])


def _as_child(owner: socket.socket, function: Function, memory: int, calls: int) -> NoReturn:
    """Answer calls until the owner is gone."""
    collect_rarely()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _limit(memory)
    handle = os.pidfd_open(os.getpid())
    try:
        socket.send_fds(owner, [GREETING.pack(os.getpid(), calls)], [handle])
        os.close(handle)
        while True:
            if not select.select([owner], [], [], IDLE)[0]:
                gc.collect()
                heap.give_back()
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


def collect_rarely() -> None:
    """Let a call work without looking for garbage of many objects every 700: one look took 20 ms of some calls."""
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    gc.enable()


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


def close_all_but(kept: int = -1) -> None:
    """Close what a fork inherits, so that no listening socket or connection outlives its owner here."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != kept:
            with contextlib.suppress(OSError):
                os.close(int(name))
