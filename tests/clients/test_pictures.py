"""The clients of pictures: files are sent as they are read, again if need be; links are signed alike everywhere."""

import io
import json
import os
import pathlib
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mergepoint.client import Client, InvalidResponse, Unavailable
from mergepoint.thumbnail.links.grammar import Grammar
from mergepoint.thumbnail.links.signing import Signer
from mergepoint.thumbnail.spec import Position

ROOT = pathlib.Path(__file__).parents[2]
KEY, SALT = "736563726574", "68656c6c6f"
PICTURE = bytes(range(256)) * 5000
LINKS = [
    {"source": "http://example.com/images/curiosity.jpg", "resize": ["fill", 300, 400, 0], "gravity": "sm",
     "format": "png"},
    {"source": "https://example.com/é?a=b&c=d", "width": 300, "height": 200, "fit": "cover", "position": "0.5,0.2"},
    {"source": "local:///a b.png", "width": 10, "fit": "pad", "background": "#ff0000", "upscale": True, "rotate": 90},
    {"source": "x", "fit": "pad", "position": "0.1,0.9", "width": 10, "height": 20, "format": "auto"},
    {"source": "x", "position": "north-east", "quality": 70, "rotate": "none", "dpr": 1.5, "blur": 2},
]  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's *plan* says: a status, or a body with its type."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else self._chunks()
        server.seen.append((self.path, dict(self.headers), body))
        answer = server.plan.pop(0) if len(server.plan) > 1 else server.plan[0]
        status, kind, data = answer if isinstance(answer, tuple) else (answer, "application/problem+json", b"{}")
        self.send_response(status)
        sizes = {"X-Result-Width": 30, "X-Result-Height": 20, "X-Origin-Width": 60, "X-Origin-Height": 40}
        for name, value in {"Content-Type": kind, "Content-Length": len(data), **sizes}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.plan, server.seen = [(200, "image/webp", b"small")], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "picture").write_bytes(PICTURE)
    return tmp_path / "picture"


class TestPython:
    def test_a_picture_is_bytes_a_path_or_a_file(self, server: ThreadingHTTPServer, path: pathlib.Path) -> None:
        client = Client(url(server))
        with path.open("rb") as file:
            for image in (PICTURE, path, str(path), file, io.BytesIO(PICTURE)):
                small = client.thumbnail(image, width=30, fit="cover")
                assert (small, small.type) == (b"small", "image/webp")
                assert (small.width, small.height, small.origin_width, small.origin_height) == (30, 20, 60, 40)
        assert {seen[2] for seen in server.seen} == {PICTURE}
        assert {seen[0] for seen in server.seen} == {"/thumbnail?width=30&fit=cover"}

    def test_a_file_is_sent_from_where_it_stands(self, server: ThreadingHTTPServer, path: pathlib.Path) -> None:
        with path.open("rb") as file:
            file.seek(1000)
            Client(url(server)).thumbnail(file)
            assert not file.closed
        assert server.seen[0][2] == PICTURE[1000:]

    def test_a_pipe_is_sent_too(self, server: ThreadingHTTPServer) -> None:
        read, write = os.pipe()
        with os.fdopen(read, "rb") as pipe, os.fdopen(write, "wb") as into:
            into.write(PICTURE[:5000])
            into.close()
            Client(url(server)).thumbnail(pipe)
        assert server.seen[0][2] == PICTURE[:5000]

    def test_a_file_is_sent_again_from_its_beginning(self, server: ThreadingHTTPServer, path: pathlib.Path) -> None:
        server.plan = [503, 503, (200, "image/png", b"small")]
        with path.open("rb") as file:
            file.seek(10)
            assert Client(url(server)).thumbnail(file) == b"small"
        assert [seen[2] for seen in server.seen] == [PICTURE[10:]] * 3
        server.plan = [503]
        with pytest.raises(Unavailable):
            Client(url(server), retries=0).thumbnail(path)

    def test_what_is_no_picture_is_no_answer(self, server: ThreadingHTTPServer) -> None:
        server.plan = [(200, "text/html", b"<html>")]
        for call in ("thumbnail", "info"):
            with pytest.raises(InvalidResponse):
                getattr(Client(url(server)), call)(b"x")
        with pytest.raises(InvalidResponse):
            Client(url(server)).thumbnail_set(b"x", [1])

    def test_a_set_is_a_dictionary_of_pictures(self, server: ThreadingHTTPServer) -> None:
        files = [{"name": "a.png", "type": "image/png"}]
        about = {"files": files, "srcset": {"image/png": "a.png 1w"}, "html": "<picture>"}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("manifest.json", json.dumps(about))
            packed.writestr("a.png", b"small")
        server.plan = [(200, "application/zip", archive.getvalue())]
        found = Client(url(server)).thumbnail_set(b"x", [1, 2], formats=["png"])
        assert (found, found.html, found.srcset) == ({"a.png": b"small"}, "<picture>", about["srcset"])
        assert server.seen[0][0] == "/thumbnail/set?widths=1%2C2&formats=png&archive=zip"

    def test_the_key_of_links_is_never_shown(self) -> None:
        client = Client(url_key=KEY, url_salt=SALT)
        assert KEY not in repr(client) + str(vars(client))


@pytest.mark.skipif(not shutil.which("ruby"), reason="ruby is not installed")
def test_ruby_sends_files_as_they_are_read_and_again(server: ThreadingHTTPServer, path: pathlib.Path) -> None:
    server.plan = [503, (200, "image/webp", b"small")]
    script = f"""
      require "pathname"
      client = Mergepoint::Client.new({url(server)!r})
      small = client.thumbnail(Pathname({str(path)!r}), width: 30)
      print [small, small.type, small.width, small.origin_height, small.encoding].join(" ")
      file = File.open({str(path)!r}, "rb")
      file.seek(7)
      client.thumbnail(file)
      client.thumbnail(File.binread({str(path)!r}))
      read, write = IO.pipe
      write << "pipe"
      write.close
      client.thumbnail(read)
    """
    command = ["ruby", "-w", f"-I{ROOT}/clients/ruby/lib", "-rmergepoint", "-e", script]
    done = subprocess.run(command, capture_output=True)
    assert (done.stdout, done.stderr) == (b"small image/webp 30 40 ASCII-8BIT", b"")
    assert [seen[2] for seen in server.seen] == [PICTURE, PICTURE, PICTURE[7:], PICTURE, b"pipe"]


class TestLinks:
    @pytest.mark.parametrize("options", LINKS)
    def test_python_and_ruby_make_the_same(self, options: dict[str, object]) -> None:
        ours = Client(url_key=KEY, url_salt=SALT).thumbnail_url(**options)
        if shutil.which("ruby"):
            script = f"""
              require "json"
              options = JSON.parse({json.dumps(json.dumps(options))}, symbolize_names: true)
              client = Mergepoint::Client.new(url_key: {KEY!r}, url_salt: {SALT!r})
              print client.thumbnail_url(options.delete(:source), **options)
            """
            command = ["ruby", "-w", f"-I{ROOT}/clients/ruby/lib", "-rmergepoint", "-e", script]
            assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ours
        _, signature, path = ours.removeprefix("http://localhost:8080").split("/", 3)[1:]
        Signer([(bytes.fromhex(KEY), bytes.fromhex(SALT))]).check(signature.partition("/")[0] or path, f"/{path}")

    def test_a_link_is_what_the_service_reads(self) -> None:
        options = {"fit": "cover", "position": "0.1,0.2", "format": "webp"}
        made = Client(url_key=KEY, url_salt=SALT).thumbnail_url("http://a/é", 30, 20, **options)
        link = Grammar().parse("/" + made.split("/", 5)[5])
        assert (link.source, link.spec.width, link.spec.height, link.spec.format) == ("http://a/é", 30, 20, "WEBP")
        assert (link.spec.fit, link.spec.keep_ratio, link.spec.position) == ("cover", True, Position("point", 0.1, 0.2))

    def test_what_is_padded_stands_where_it_is_put(self) -> None:
        made = Client().thumbnail_url("http://a/b", 30, 20, fit="pad", position="north-west", format="auto")
        spec = Grammar().parse("/" + made.split("/", 5)[5]).spec
        assert (spec.fit, spec.extend, spec.format) == ("inside", Position("side", 0.0, 0.0), None)

    def test_the_shell_makes_the_same(self) -> None:
        command = [str(ROOT / "clients/shell/mergepoint"), "thumbnail_url", "http://example.com/images/curiosity.jpg"]
        command += ["--resize", "fill:300:400:0", "--gravity=sm", "--format", "png"]
        environment = {**os.environ, "MERGEPOINT_URL_KEY": KEY, "MERGEPOINT_URL_SALT": SALT}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.strip() == Client(url_key=KEY, url_salt=SALT).thumbnail_url(**LINKS[0])
