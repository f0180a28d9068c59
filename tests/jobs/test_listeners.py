"""Who waits holds no thread: 500 listeners and waiting callers through nginx, in one process of 40 MB."""

import asyncio
import json
import os
import pathlib
import time
from collections.abc import Iterator

import pytest

from tests.auth.databases import Databases
from tests.jobs.chaos.callers import PATH, ask
from tests.jobs.chaos.stack import Stack
from tests.servers import children, wait_for
from tests.stopwatch import Stopwatch

LISTENERS, WAITING = 500, 50
MEGABYTE = 1 << 20
PROMPT = 1.0  # seconds from a change until all are told
TAKEN_BACK = 3.0  # times as long as without listeners a job may take to be accepted


@pytest.fixture
def stack(nginx_present: None, server: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    stack = Stack(server.new(), seconds=0.0).start(working=False)
    yield stack
    stack.stop()


async def listen(stack: Stack, id: str) -> list[tuple[str, float]]:
    """Return the states that are told of a job, each with the time of its arrival."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(f"GET /jobs/{id}/events HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    heard = []
    async for line in reader:
        if line.startswith(b"data: "):
            heard.append((str(json.loads(line[6:])["state"]), time.time()))
    writer.close()
    return heard


async def wait(stack: Stack, number: int) -> bytes:
    """Ask for a job and wait for its answer; return the first line of what came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    body = f"waited{number} ".encode()
    head = f"POST {PATH} HTTP/1.0\r\nPrefer: respond-async, wait=50\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    return answer.split(b"\r\n")[0]


def accepting_takes(stack: Stack) -> float:
    """Return the seconds that 60 jobs take to be accepted, one after the other, as on an idle machine."""
    with Stopwatch() as watch:
        assert {ask(stack, f"quick{number} ".encode()).status for number in range(60)} == {202}
    return watch.seconds


@pytest.mark.long
def test_500_listeners_hold_up_nobody_and_are_told_at_once(stack: Stack) -> None:
    alone = accepting_takes(stack)
    ids = [str(ask(stack, f"job{number} ".encode()).location).removeprefix("/jobs/") for number in range(50)]

    async def all_of_them() -> tuple[list[list[tuple[str, float]]], list[bytes], float, int]:
        listening = [asyncio.ensure_future(listen(stack, ids[number % 50])) for number in range(LISTENERS)]
        waiting = [asyncio.ensure_future(wait(stack, number)) for number in range(WAITING)]
        await asyncio.to_thread(wait_for, lambda: connections(companion_of(stack)) >= LISTENERS + WAITING)
        beside = await asyncio.to_thread(accepting_takes, stack)
        memory = resident(companion_of(stack))
        await asyncio.to_thread(stack.work)
        return await asyncio.gather(*listening), await asyncio.gather(*waiting), beside, memory

    with Stopwatch() as watch:
        heard, answers, beside, memory = asyncio.run(all_of_them())
    assert {tuple(state for state, _ in states) for states in heard} == {("queued", "running", "done")}
    assert set(answers) == {b"HTTP/1.1 200 OK"}
    assert beside < TAKEN_BACK * alone
    assert memory < 40 * MEGABYTE
    rows = stack.rows()
    late = [states[-1][1] - rows[ids[number % 50]].changes[-1].time for number, states in enumerate(heard)]
    assert max(late) < PROMPT * watch.slowness


def companion_of(stack: Stack) -> int:
    [pid] = children(stack.gunicorn.pid) - stack.accepting()
    return pid


def connections(pid: int) -> int:
    return sum(os.readlink(path).startswith("socket:") for path in pathlib.Path(f"/proc/{pid}/fd").iterdir())


def resident(pid: int) -> int:
    """Return the bytes of memory of a process, with its share of shared pages."""
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
