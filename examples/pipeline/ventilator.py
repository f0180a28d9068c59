"""Sends each file of a tree to a worker, and again those that the sink misses.

    python ventilator.py SOCKETS TREE WORKERS

SOCKETS is the folder where all meet; WORKERS says how many workers there must be before the first file is sent.
"""

import sys
from collections import deque
from pathlib import Path

import zmq
from tree import sources
from zmq.utils.monitor import recv_monitor_message

AHEAD = 1  # files that wait for a worker: who has done its own gets the next, so that fast workers get more


def main(sockets: str, tree: str, workers: str) -> None:
    context = zmq.Context()
    tasks, missed = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    tasks.sndhwm = AHEAD
    monitor = tasks.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    tasks.bind(f"ipc://{sockets}/tasks")
    missed.bind(f"ipc://{sockets}/missed")
    for _ in range(int(workers)):  # or the first to connect would get everything
        recv_monitor_message(monitor)
    tasks.disable_monitor()

    waiting = deque(sources(Path(tree)))
    poller = zmq.Poller()
    poller.register(missed, zmq.POLLIN)
    while True:
        # A PUSH socket can be written to while a worker that is connected has room.
        poller.register(tasks, zmq.POLLOUT if waiting else 0)
        ready = dict(poller.poll())
        if missed in ready:
            names = [name.decode() for name in missed.recv_multipart()]
            if names == ["all done"]:
                break
            waiting.extend(name for name in names if name not in waiting)
        elif tasks in ready:
            name = waiting.popleft()
            tasks.send_multipart([name.encode(), Path(tree, name).read_bytes()])
    context.destroy(linger=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
