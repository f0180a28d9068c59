"""What an operator chooses for the containers: ports, services, applications."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import wait_for
from tests.stack.compose import Stack


@pytest.fixture
def chosen(docker: None) -> Iterator[type[Stack]]:
    """Makes a project of its own, which is removed."""
    made: list[Stack] = []

    class Chosen(Stack):
        def __init__(self, **environment: str) -> None:
            super().__init__(**environment)
            made.append(self)

    yield Chosen
    for stack in made:
        stack.remove()


def test_a_port_alone_is_not_published_to_everybody(chosen: type[Stack]) -> None:
    stack = chosen()
    stack.environment["MERGEPOINT_LISTEN"] = str(stack.port)
    refused = stack.attempt("up", "--build", "--detach", "--wait", "--no-deps", "nginx", seconds=300)
    assert refused.returncode != 0
    said = f"MERGEPOINT_LISTEN='{stack.port}': in containers an address is expected too, 127.0.0.1:{stack.port}"
    wait_for(lambda: said in stack.logs("nginx"))
    assert not serves(stack.port)


def serves(port: int) -> bool:
    """Whether anybody answers: Docker's own proxy may take the connection, and close it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False


def test_services_are_left_out_and_an_application_put_in(chosen: type[Stack], tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(0o755)  # nginx in its container is another user
    stack = chosen(MERGEPOINT_SERVICES="highlight", MERGEPOINT_APPLICATIONS=str(tmp_path))
    without = [
        word
        for name in ("htmldiff", "thumbnail", "auth", "postgres", "jobs", "jobs-worker")
        for word in ("--scale", f"{name}=0")
    ]
    stack.compose("build", seconds=500)  # of those that are left out too, as `up` does
    stack.up(*without)
    assert stack.request("GET", "/health").json["services"].keys() == {"highlight"}
    assert stack.request("POST", "/highlight?language=text", b"x").status == 200
    left_out = stack.request("POST", "/htmldiff", b"{}")
    assert (left_out.status, left_out.json["detail"]) == (404, "the service htmldiff does not run here")
    assert stack.ids("htmldiff") == stack.ids("postgres") == []

    # A file that is there when nginx starts again; the image is the same.
    (tmp_path / "wiki.conf").write_text('location = /wiki/ { return 200 "hello"; }\n')
    stack.compose("restart", "nginx")
    wait_for(lambda: stack.request("GET", "/wiki/").body == b"hello", seconds=30)
