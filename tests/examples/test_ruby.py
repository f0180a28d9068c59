"""The example in Ruby, run as its README says: with the service, without it, and with one that never answers."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers import ROOT, Connection, Reply, free_port, missing, wait_for
from tests.stopwatch import Stopwatch

EXAMPLE = ROOT / "examples" / "ruby"
CSS = ".highlight { color: red }\n@media (prefers-color-scheme: dark) { .highlight { color: blue } }\n"


class Fake(BaseHTTPRequestHandler):
    """Answers as the highlight service would, as far as the example asks."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_POST(self) -> None:
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(f'<div class="highlight"><pre><b>{size} bytes</b></pre></div>\n', "text/html; charset=utf-8")

    def do_GET(self) -> None:
        self._answer(CSS, "text/css; charset=utf-8")

    def _answer(self, text: str, type: str) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        for name, value in {"Content-Type": type, "Content-Length": len(text), "Mergepoint-Language": "ruby"}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


class Service(ThreadingHTTPServer):
    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Fake)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def service(port: int = 0) -> Iterator[Service]:
    with Service(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Viewer:
    """The example, as a process with a port of its own."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, target: str) -> Reply:
        connection = Connection(self._port)
        try:
            return connection.request("GET", target)
        finally:
            connection.close()


@contextlib.contextmanager
def viewer(url: str, **environment: str) -> Iterator[Viewer]:
    port = free_port()
    environment = {
        **os.environ,
        "MERGEPOINT_URL": url,
        "LISTEN": f"127.0.0.1:{port}",
        "RUBYLIB": str(ROOT / "clients" / "ruby" / "lib"),
        **environment,
    }
    process = subprocess.Popen(["puma", "-C", "puma.rb"], cwd=EXAMPLE, env=environment, stdout=subprocess.DEVNULL)
    try:
        running = Viewer(port)
        wait_for(lambda: running.get("/health").status == 200, seconds=20)
        yield running
        check = subprocess.run(["ruby", "health.rb"], cwd=EXAMPLE, env=environment)
        assert check.returncode == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    check = subprocess.run(["ruby", "health.rb"], cwd=EXAMPLE, env=environment, stderr=subprocess.DEVNULL)
    assert check.returncode != 0


@pytest.fixture(scope="module", autouse=True)
def _sinatra_and_puma() -> None:
    if not shutil.which("puma") or subprocess.run(["ruby", "-e", 'require "sinatra/base"'], check=False).returncode:
        missing("Sinatra and Puma are not installed; Debian has them: apt-get install ruby-sinatra puma")


def links(page: Reply) -> list[str]:
    return [target.replace("&#x2F;", "/") for target in re.findall(r'<a href="([^"]+)"', page.body.decode())]


def test_files_are_shown_highlighted():
    with service() as fake, viewer(fake.url) as pages:
        index = pages.get("/")
        targets = links(index)
        assert "/files/app.rb" in targets
        assert "/files/views/file.erb" in targets
        for target in targets:
            size = (EXAMPLE / target.removeprefix("/files/")).stat().st_size
            page = pages.get(target)
            assert page.status == 200
            assert f"<b>{size} bytes</b>" in page.body.decode()
        assert "/highlight?filename=app.rb&fallback=plain&anchors=L&style=default" in fake.asked


def test_the_style_sheet_comes_from_the_service_light_and_dark():
    with service() as fake, viewer(fake.url) as pages:
        assert '<link rel="stylesheet" href="/style.css">' in pages.get("/files/app.rb").body.decode()
        css = pages.get("/style.css")
        assert css.body.decode() == CSS
        assert css.headers["Content-Type"].startswith("text/css")
        assert "max-age" in css.headers["Cache-Control"]
        assert fake.asked[-1] == "/highlight/styles/default.css?dark=monokai"


def test_with_the_service_itself(highlight_server):
    with viewer(highlight_server.url) as pages:
        assert '<span class="k">class</span>' in pages.get("/files/app.rb").body.decode()
        assert "prefers-color-scheme: dark" in pages.get("/style.css").body.decode()


def test_without_the_service_there_is_plain_text():
    with viewer(f"http://127.0.0.1:{free_port()}") as pages:
        assert pages.get("/").status == 200
        page = pages.get("/files/app.rb")
        assert page.status == 200
        assert "class Viewer &lt; Sinatra::Base" in page.body.decode()
        assert "Plain text for now" in page.body.decode()
        css = pages.get("/style.css")
        assert css.status == 503
        assert css.headers["Retry-After"] == "5"


def test_a_service_that_does_not_answer_holds_no_page_for_long():
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, viewer(f"http://127.0.0.1:{silent.getsockname()[1]}") as pages:
        with Stopwatch() as watch:
            assert "Plain text for now" in pages.get("/files/app.rb").body.decode()
        assert watch.seconds < 2


def test_colours_come_back_with_the_service():
    port = free_port()
    with viewer(f"http://127.0.0.1:{port}") as pages:
        assert b"Plain text for now" in pages.get("/files/app.rb").body
        with service(port):
            assert b" bytes</b>" in pages.get("/files/app.rb").body


def test_nothing_but_what_is_listed_is_shown(tmp_path):
    (tmp_path / "shown").mkdir()
    (tmp_path / "secret").write_text("hush")
    (tmp_path / "shown" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "shown" / ".hidden").write_text("hush")
    with viewer("http://127.0.0.1:1", FOLDER=str(tmp_path / "shown")) as pages:
        assert links(pages.get("/")) == []
        for name in ("../secret", "%2e%2e/secret", "..%2fsecret", "link", ".hidden", "/etc/passwd", "", "none"):
            page = pages.get(f"/files/{name}")
            assert page.status == 404
            assert b"hush" not in page.body


def test_names_and_texts_are_only_text(tmp_path):
    (tmp_path / "a b?<i>#%.rb").write_bytes(b"<script>\xff\n")
    with viewer("http://127.0.0.1:1", FOLDER=str(tmp_path)) as pages:
        (target,) = links(pages.get("/"))
        page = pages.get(target)
        assert page.status == 200
        assert "&lt;script&gt;\ufffd\n" in page.body.decode()
        assert b"<script" not in page.body
        assert b"<i>" not in page.body
        assert page.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'self'"
