"""What a person sees at a terminal: few lines, the address last, requests to be read; Ctrl-C and a closed window."""

import contextlib
import fcntl
import os
import pathlib
import re
import select
import struct
import termios
import threading
from collections.abc import Iterator

import pytest

from tests.live.suite import Suite
from tests.servers import Connection, alive, wait_for

CTRL_C = b"\x03"


class Terminal:
    """A terminal and what is on it."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._seen = b""
        self._open = True
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        return self._seen.decode().splitlines()

    def is_told(self) -> bool:
        return any(line.startswith("Mergepoint runs on") for line in self.lines)

    def press(self, key: bytes) -> None:
        os.write(self.ours, key)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._reader.join()
            os.close(self.ours)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the last program on it has ended
            while self._open:
                if select.select([self.ours], [], [], 0.1)[0]:
                    self._seen += os.read(self.ours, 4096)


@contextlib.contextmanager
def at_terminal() -> Iterator[tuple[Suite, Terminal]]:
    terminal = Terminal()
    suite = Suite(TERM="xterm", NO_COLOR="1")
    suite.start(
        stdin=terminal.theirs, stdout=terminal.theirs, stderr=terminal.theirs,
        until=terminal.is_told, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(terminal.theirs)
    try:
        yield suite, terminal
    finally:
        suite.process.kill()
        suite.process.wait()
        terminal.close()


def test_the_address_is_the_last_thing_on_the_screen_and_ctrl_c_ends_it() -> None:
    with at_terminal() as (suite, terminal):
        connection = Connection(suite.port)
        connection.request("GET", "/nope")
        connection.close()
        wait_for(lambda: "/nope" in terminal.lines[-1])  # when this line is shown, all before would be
        *before, last, request = terminal.lines
        assert last == f"Mergepoint runs on http://localhost:{suite.port}"
        assert len(before) < 12
        assert not [line for line in terminal.lines if line.startswith("{")]
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d  404      nginx      GET     /nope +- +\d+ ms +\S+ KB  request_id=\S+", request
        )
        run = pathlib.Path(suite.record()["run"])
        terminal.press(CTRL_C)
        assert suite.process.wait(20) == 0
        assert not run.exists()
        assert not [line for line in terminal.lines if "Worker exiting" in line]


@pytest.mark.long
def test_a_closed_window_ends_it() -> None:
    with at_terminal() as (suite, terminal):
        processes, run = suite.processes(), pathlib.Path(suite.record()["run"])
        terminal.close()
        assert suite.process.wait(20) == 0
        assert not any(map(alive, processes))
        assert not run.exists()
