"""Highlights what it is sent, by a server of highlight over ZeroMQ, until it is ended.

    python worker.py SOCKETS SERVER

It keeps nothing: what it holds when it dies is sent to another.
"""

import os
import sys

import zmq

from mergepoint.client import ApiError
from mergepoint.client.zeromq import Client

NAME = f"python-{os.getpid()}"


def main(sockets: str, server: str) -> None:
    context = zmq.Context()
    tasks, results = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    tasks.rcvhwm = 1
    results.connect(f"ipc://{sockets}/results")
    tasks.connect(f"ipc://{sockets}/tasks")
    with Client(server, timeout=60) as client:
        while True:
            name, code = tasks.recv_multipart()
            try:
                html, problem = client.highlight(code, filename=name.decode(), css="classes"), ""
            except ApiError as error:
                html, problem = "", str(error)
            results.send_multipart([NAME.encode(), name, html.encode(), problem.encode()])


if __name__ == "__main__":
    main(*sys.argv[1:])
