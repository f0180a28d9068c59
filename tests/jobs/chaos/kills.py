"""What is killed, how, and when it is back. Whoever kills nginx, PostgreSQL or a program starts it again, as
`make run`, systemd or Docker does; the children of a program are its own affair.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.jobs.chaos.stack import Stack, kill_hard
from tests.servers import alive, children, wait_for

STOPPED = 9.5  # seconds: a lease ends after eight


@dataclass(frozen=True)
class Kill:
    """*at* and *back* are seconds since 1970; *seen*: whether callers may notice; *silent*: also without an answer."""

    kind: str
    at: float
    back: float
    seen: bool = False
    silent: bool = False


def accepting(stack: Stack, number: int) -> Kill:
    """gunicorn's worker, and each third time the whole program."""
    at = time.time()
    if number % 3 == 2:
        stack.kill_whole(stack.gunicorn)
        stack.start_jobs()
        wait_for(lambda: stack.get("/jobs/health").status == 200, seconds=30)
    else:
        dead = stack.accepting()
        for pid in dead:
            kill_hard(pid)
        wait_for(lambda: stack.accepting() - dead)
    return Kill("accepting", at, time.time(), seen=True)


def companion(stack: Stack, _number: int) -> Kill:
    """The program that waits; nobody who accepts or performs may notice."""
    at = time.time()
    for pid in children(stack.gunicorn.pid) - stack.accepting():
        kill_hard(pid)
    return Kill("companion", at, time.time())


def worker(stack: Stack, number: int) -> Kill:
    """The process that performs, and each third time its master with it."""
    at = time.time()
    if number % 3 == 2:
        stack.kill_whole(stack.worker)
        stack.start_worker()
    else:
        for pid in children(stack.worker.pid):
            kill_hard(pid)
    return Kill("worker", at, time.time())


def service(stack: Stack, _number: int) -> Kill:
    at = time.time()
    stack.kill_whole(stack.service)
    stack.start_service()
    wait_for(lambda: (stack.run / "highlight.sock").exists())
    return Kill("service", at, time.time())


def nginx(stack: Stack, number: int) -> Kill:
    """nginx's workers, or all of it in turns."""
    at = time.time()
    if number % 2:
        stack.kill_whole(stack.nginx)
        stack.start_nginx()
        wait_for(lambda: stack.ask("GET", "/").status == 200, seconds=30)
    else:
        for pid in children(stack.nginx.pid):
            kill_hard(pid)
        wait_for(lambda: stack.ask("GET", "/").status == 200)
    return Kill("nginx", at, time.time(), seen=True, silent=True)


def database(stack: Stack, number: int) -> Kill:
    """One process of PostgreSQL's, which then ends all others and recovers, or all of them in turns."""
    cluster = stack.cluster
    assert cluster
    at, first = time.time(), cluster.pid
    if number % 2:
        os.kill(first, signal.SIGSTOP)  # it starts no more, which would hold the memory that they share
        pids = {first, *children(first)}
        for pid in pids:
            kill_hard(pid)
        wait_for(lambda: not any(alive(pid) for pid in pids))
        for path in (cluster.folder / "data/postmaster.pid", *cluster.folder.glob(".s.PGSQL.*.lock")):
            path.unlink()  # where nobody waits for orphans, the number in it is a zombie's
        cluster.start()
    else:
        kill_hard(max(children(first)))
    wait_for(stack.is_stored, seconds=30)
    return Kill("database", at, time.time(), seen=True)


def stopped(stack: Stack, _number: int) -> Kill:
    """SIGSTOP of a worker and its master, whose jobs another takes; then it goes on. It may have held a lock."""
    at, pids = time.time(), {stack.worker.pid, *children(stack.worker.pid)}
    for pid in pids:
        kill_hard(pid, signal.SIGSTOP)
    other = stack.work()
    time.sleep(max(at + STOPPED - time.time(), 0))
    for pid in pids:
        kill_hard(pid, signal.SIGCONT)
    other.terminate()
    return Kill("stopped", at, time.time(), seen=True)


def told_to_end(stack: Stack, number: int) -> Kill:
    """SIGTERM, as for an upgrade: of the worker, or of the program that accepts."""
    at = time.time()
    if number % 2:
        stack.gunicorn.terminate()
        stack.gunicorn.wait(15)
        stack.start_jobs()
        wait_for(lambda: stack.get("/jobs/health").status == 200, seconds=30)
        return Kill("told_to_end", at, time.time(), seen=True)
    stack.worker.terminate()
    stack.worker.wait(15)
    stack.start_worker()
    return Kill("told_to_end", at, time.time())


KILLS: Mapping[str, Callable[[Stack, int], Kill]] = {
    "worker": worker,
    "accepting": accepting,
    "service": service,
    "nginx": nginx,
    "companion": companion,
    "database": database,
    "told_to_end": told_to_end,
    "stopped": stopped,
}
