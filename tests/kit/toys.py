"""Functions for a sandbox to run: each word makes the child do something that a parser might."""

import os
import re
import resource
import signal
import threading
import time
from collections.abc import Callable

from mergepoint.kit.sandbox import Sandbox

MakeSandbox = Callable[..., Sandbox]
SPIN = b"spin "


def ask(sandbox: Sandbox, words: str, deadline: float = 1.0) -> bytes:
    """Call ``toy`` in *sandbox*."""
    name, _, rest = words.partition(" ")
    return sandbox.call(f"{name} {rest}".encode(), deadline=deadline)


def toy(request: bytes) -> bytes:
    """Do what the first word says to the rest."""
    name, _, rest = request.partition(b" ")
    match name:
        case b"echo":
            return rest
        case b"pid":
            return b"%d" % os.getpid()
        case b"parent":
            return b"%d" % os.getppid()
        case b"nap":
            time.sleep(float(rest))
            return b"rested"
        case b"exit":
            os._exit(int(rest))
        case b"die":
            signal.signal(int(rest), signal.SIG_DFL)
            os.kill(os.getpid(), int(rest))
        case b"stop":
            if not rest:
                os.kill(os.getpid(), signal.SIGSTOP)
            threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGSTOP)).start()
            return bytes(128 << 20)
        case b"work":
            ends = time.process_time() + float(rest)
            while time.process_time() < ends:
                pass
            return b"worked"
        case b"spin":
            while True:
                pass
        case b"backtrack":
            re.match("(a|aa)+$", "a" * 100 + "b")
        case b"memory":
            return bytes(1 << 30)
        case b"allocate":
            return b"%d" % (len(bytearray(b"x") * (int(rest) << 20)) >> 20)
        case b"write":
            with open(rest, "wb") as file:
                file.write(b"x")
        case b"core":
            return str(resource.getrlimit(resource.RLIMIT_CORE)).encode()
        case b"descriptors":
            return b"%d" % len(set(os.listdir("/proc/self/fd")) - {str(os.open("/", os.O_RDONLY))})
        case b"niceness":
            time.sleep(float(rest.removeprefix(b"after ") or 0))
            return b"%d" % os.getpriority(os.PRIO_PROCESS, 0)
    raise ValueError("no such toy")
