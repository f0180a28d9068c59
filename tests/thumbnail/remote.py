"""Links to pictures elsewhere: a server and a folder that they may come from, and links that are signed."""

import pathlib
import socket
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.links.signing import Signer
from mergepoint.thumbnail.web import create_app
from tests.kit.sources import Server
from tests.thumbnail import pictures

KEY, SALT = b"key", b"salt"
SIGNER = Signer([(KEY, SALT)])
PNG = pictures.file(pictures.flag(60, 40))


def respond(status: int = 200, body: bytes = PNG, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"Content_Length": len(body), **headers}.items()]
    return f"HTTP/1.1 {status} x\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Origin:
    """A server that a test may change: what it *answers* for each path; what it was *asked*."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.server = Server(self._answer)
        self.url = self.server.url

    @property
    def asked(self) -> list[str]:
        return [head.split(b" ")[1].decode() for head in self.server.seen]

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        connection.sendall(self.answers.get(head.split(b" ")[1].decode(), respond()))


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    origin = Origin()
    yield origin
    origin.server.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Server]:
    canary = Server(respond())
    yield canary
    canary.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "a b").mkdir()
    (folder / "a b/flag.png").write_bytes(PNG)
    (folder.parent / "secret.png").write_bytes(PNG)
    (folder / "out.png").symlink_to(folder.parent / "secret.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "large.png").write_bytes(PNG + bytes(200_000))
    (folder / "circle.png").symlink_to(folder / "circle.png")
    return folder


@pytest.fixture(scope="module")
def links(origin: Origin, folder: pathlib.Path) -> Iterator[FlaskClient]:
    settings = Settings(
        keys=f"{b'old'.hex()},{KEY.hex()}", salts=f"{b'old'.hex()},{SALT.hex()}", max_bytes=100_000, source_timeout=1,
        sources=f"{origin.url} local://{folder}", presets="tiny=w:6,default=q:70", children=1,
    )  # fmt: skip
    app = create_app(settings)
    yield app.test_client()
    app.extensions["sandbox"].close()


def signed(path: str) -> str:
    return f"/thumbnail/{SIGNER.sign(path)}{path}"


def plain(options: str, source: str, extension: str = "") -> str:
    escaped = source.replace("%", "%25").replace("?", "%3F").replace("@", "%40")
    return signed(f"/{options}/plain/{escaped}{extension}")
