"""Calls highlight again and again for some seconds: caller.py WAY ADDRESS SECONDS BYTES

WAY is http or zeromq: one request after the other with as little code as possible, over the socket of a file; or
client-http or client-zeromq: our clients. Prints how many calls a second, and the median and the 99th percentile in
milliseconds. caller.rb does the same for the clients in Ruby.
"""

import http.client
import itertools
import json
import socket
import statistics
import sys
import time
from collections.abc import Callable

import zmq
from snippet import SIZE, snippet

from mergepoint.client import Client
from mergepoint.client.zeromq import Client as ZeroMQClient

WARM_UP = 5

Call = Callable[[str], bytes | str]


class UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


def over_http(path: str) -> Call:
    connection = UnixConnection(path)

    def call(text: str) -> bytes:
        connection.request("POST", "/highlight?language=python", text.encode(), {"Content-Type": "text/plain"})
        return connection.getresponse().read()

    return call


def over_zeromq(address: str) -> Call:
    context = zmq.Context()
    connection = context.socket(zmq.DEALER)
    connection.linger = 0
    connection.connect(address)
    numbers = itertools.count()

    def call(text: str) -> bytes:
        header = {"v": 1, "id": str(next(numbers)), "task": "highlight", "options": {"language": "python"}}
        connection.send_multipart([json.dumps(header).encode(), text.encode()])
        return connection.recv_multipart()[-1]

    return call


def by_client(client: Client | ZeroMQClient) -> Call:
    return lambda text: client.highlight(text, "python")


WAYS: dict[str, Callable[[str], Call]] = {
    "http": over_http,
    "zeromq": over_zeromq,
    "client-http": lambda address: by_client(Client(address, timeout=60)),
    "client-zeromq": lambda address: by_client(ZeroMQClient(address, timeout=60)),
}


def main() -> None:
    way, address, seconds, size = sys.argv[1:]
    call, taken, repeated = WAYS[way](address), [], int(size) // SIZE
    ends = time.monotonic() + float(seconds)
    for number in itertools.count(time.time_ns() % 10**9):
        text = snippet(number) * repeated
        began = time.perf_counter()
        answer = call(text)
        taken.append(time.perf_counter() - began)
        assert len(answer) > len(text), answer
        if time.monotonic() > ends and len(taken) > 2 * WARM_UP:
            break
    del taken[:WARM_UP]
    p99 = statistics.quantiles(taken, n=100, method="inclusive")[98]
    print(len(taken) / sum(taken), statistics.median(taken) * 1000, p99 * 1000)


if __name__ == "__main__":
    main()
