"""Lets the tests reach a socket in a container: what ZeroMQ says over ipc is what it says over TCP."""

import socket
import subprocess
import threading
from contextlib import suppress

# In the container: standard input and output to and from the socket, until one side ends.
COPY = """
import os, socket, sys, threading
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
def out():
    while data := peer.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=out).start()
while data := os.read(0, 65536):
    peer.sendall(data)
os._exit(0)
"""


class Relay:
    """A TCP port of this machine, of whose connections each is one to the socket at *path* in *container*."""

    def __init__(self, container: str, path: str) -> None:
        self._command = ["docker", "exec", "--interactive", container, "python", "-c", COPY, path]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for process in self._processes:
            process.kill()
            process.wait()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self._processes.append(subprocess.Popen(self._command, stdin=connection, stdout=connection))
