"""What docs/protocol.md shows is what is on the wire: a client without any library, made of its dumps."""

import re
import socket

import pytest

from tests.kit.zeromq.programs import Program
from tests.servers import ROOT, free_port

DUMP = re.compile(r"```hex (\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def dumps() -> dict[str, bytes]:
    text = (ROOT / "docs/protocol.md").read_text()
    return {name: read_dump(dump) for name, dump in DUMP.findall(text)}


def read_dump(dump: str) -> bytes:
    return bytes.fromhex("".join(line[6:53] for line in dump.splitlines()))


def test_the_exchange_is_what_the_document_shows(dumps, tmp_path):
    port = free_port()
    program = Program(tmp_path, "serve", "highlight", "--bind", f"tcp://127.0.0.1:{port}")
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as connection,
            connection.makefile("rb") as reads,
        ):
            connection.sendall(dumps["greeting"])
            assert len(reads.read(64)) == 64
            connection.sendall(dumps["ready"])
            reads.read(reads.read(2)[1])
            connection.sendall(dumps["request"])
            assert reads.read(len(dumps["answer"])) == dumps["answer"]
    finally:
        program.end()
