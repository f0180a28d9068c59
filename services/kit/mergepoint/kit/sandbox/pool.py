"""Calls a function on untrusted bytes in persistent children that can be killed.

It knows bytes and deadlines, not what they mean. A *zygote*, forked once from the owner and free of threads,
prepares the function (imports, compiled patterns) and then forks children on request, so that a new child starts
in milliseconds with everything warm::

    owner ──(send one end of a socket pair)──→ zygote ──fork──→ child
    owner ←────────── length-prefixed bytes over the pair ─────────→ child

The owner's side of a child is in ``child.py``, what is forked in ``zygote.py``.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence

from .child import Busy, Child, Crashed, DeadlineExceeded, MemoryExceeded, SandboxError
from .fair_pool import FairPool
from .time_limit import TimeLimit
from .zygote import START_TIMEOUT, Function, Steps, Zygote, lock_of_this_process

__all__ = ["Busy", "Crashed", "DeadlineExceeded", "MemoryExceeded", "Sandbox", "SandboxError"]


class Sandbox:
    """Children that run *function*, at most *children* at a time.

    A call that runs long is lowered in priority and leaves its slot to others; up to *stragglers* calls may be in
    that state. *prepare* runs once in the zygote, before the first child; the steps of *later* run there while no
    child is asked for. *memory* is in bytes, per child, over what the zygote has. Nothing is started before ``start``
    or the first call.
    """

    def __init__(
        self,
        function: Function,
        *,
        prepare: Callable[[], object] = lambda: None,
        later: Steps = lambda: iter(()),
        children: int = 4,
        stragglers: int = 12,
        memory: int = 512 << 20,
        wait: float = 1.0,
    ) -> None:
        self._zygote = Zygote(function, prepare, later, memory)
        self._children = children
        self._wait = wait
        self._locks: dict[int, threading.Lock] = {}
        self._slots: FairPool[Child | None] = FairPool()
        self._calling: set[Child] = set()
        self._stragglers = threading.BoundedSemaphore(stragglers)
        self._most_stragglers = stragglers
        self._owner = 0

    def start(self) -> None:
        """Fork the zygote. Call it before the process has threads; processes forked later share it.

        It returns at once; calls wait until the zygote is prepared.
        """
        self._zygote.ensure()

    @property
    def prepared(self) -> bool:
        """Whether a call of this process has been answered: until then, one may wait for the preparation."""
        return self._zygote.prepared

    def call(self, *request: bytes, deadline: float | TimeLimit) -> bytes:
        """Return what the function makes of *request*, the parts of it as one; or raise a SandboxError when it has
        worked for *deadline* seconds, or for what is left of that limit, or too much time has passed (time_limit.py).

        A child that was lost (killed from outside, out of file descriptors) is replaced once before giving up.
        """
        if self._owner != os.getpid():
            self._adopt()
        limit = deadline if isinstance(deadline, TimeLimit) else TimeLimit(deadline)
        if limit.over:
            raise DeadlineExceeded("no time is left")
        try:
            return self._call(request, limit)
        except Crashed as crash:
            if crash.args:  # the function raised: it would again
                raise
            return self._call(request, limit, fresh=True)  # the cause may have ended all children

    def close(self) -> None:
        """End the children and, unless a forked process still uses it, the zygote."""
        with lock_of_this_process(self._locks):
            if self._owner == os.getpid():
                for child in filter(None, self._slots.free()):
                    child.close()
                self._slots = FairPool()
            self._owner = 0
        self._zygote.close()

    def wait_for_end(self, seconds: float = 10.0) -> bool:
        """Wait after ``close``, for at most that long, until all children are gone; return whether they are.

        They stay while another process that was forked from this one uses them.
        """
        return self._zygote.wait_for_end(seconds)

    def _adopt(self) -> None:
        """Start children for this process; those inherited over a fork belong to the parent."""
        with lock_of_this_process(self._locks):
            if self._owner == os.getpid():
                return
            for child in filter(None, (*self._slots.free(), *self._calling)):
                child.release()
            self._slots, self._calling = FairPool(), set()
            self._stragglers = threading.BoundedSemaphore(self._most_stragglers)
            for _ in range(self._children):
                self._give_slot()
            self._owner = os.getpid()

    def _call(self, request: Sequence[bytes], limit: TimeLimit, *, fresh: bool = False) -> bytes:
        child = self._take_child(fresh)
        self._calling.add(child)
        call = _Call(self, child)
        try:
            return child.run(request, limit, call.demote)
        except BaseException:  # a Ctrl-C too: the answer still to come must not meet the next call
            child.spent = True
            raise
        finally:
            call.finish()
            self._calling.discard(child)

    def _take_child(self, fresh: bool) -> Child:
        try:
            child = self._slots.take(self._wait if self._zygote.prepared else START_TIMEOUT)
        except queue.Empty:
            raise Busy(f"all {self._children} children were busy for {self._wait} s") from None
        if child and fresh:
            child.close()
            child = None
        try:
            return child or Child(self._zygote)
        except OSError:
            self._slots.give(None)
            raise Busy("no child could be started") from None

    def _give_slot(self, child: Child | None = None) -> None:
        """Let the next call have a slot: with *child* or a fresh one, if that is to be had now.

        A fresh one is taken last: a fork may take long, when children that are lowered or just dying hold its locks.
        """
        fresh = child is None
        with contextlib.suppress(OSError):  # out of descriptors or processes
            child = child or Child(self._zygote)
        self._slots.give(child, last=fresh)


class _Call:
    """One call's slot among the children: kept until it ends, or given up when it runs long."""

    def __init__(self, sandbox: Sandbox, child: Child) -> None:
        self.sandbox = sandbox
        self.child = child
        self.straggles = False

    def demote(self) -> None:
        """Lower the priority, and let the next call have the slot if not too many straggle already."""
        self.child.lower_priority()
        self.straggles = self.sandbox._stragglers.acquire(blocking=False)
        if self.straggles:
            self.sandbox._give_slot()

    def finish(self) -> None:
        if self.child.spent:
            self.child.close()
        if self.straggles:
            self.sandbox._stragglers.release()
        else:
            self.sandbox._give_slot(None if self.child.spent else self.child)
