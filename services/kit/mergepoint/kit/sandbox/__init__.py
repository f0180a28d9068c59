"""Calls of a function on untrusted bytes, in processes that can be killed: deadlines, a memory limit, a fair pool.

It imports the standard library only, and does not know what the bytes mean.
"""

from .child import Busy, Crashed, DeadlineExceeded, MemoryExceeded, SandboxError
from .pool import Sandbox

__all__ = ["Busy", "Crashed", "DeadlineExceeded", "MemoryExceeded", "Sandbox", "SandboxError"]
