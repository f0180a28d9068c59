"""The pure services below a path of another site: the shipped example, with only the suite's address changed."""

import contextlib
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from tests.live.suite import Suite
from tests.servers import ROOT, Connection, Reply, free_port, wait_for

PURE = ("highlight", "htmldiff", "thumbnail")


@pytest.fixture(scope="module")
def site(suite: Suite) -> Iterator[Connection]:
    """Another site, with the suite below /tools/."""
    folder, port = pathlib.Path(tempfile.mkdtemp(prefix="mp", dir="/tmp")), free_port()
    text = (ROOT / "deploy/tls/prefix.conf").read_text()
    assert "127.0.0.1:8080" in text
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{suite.port}")
    paths = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    server = f"server {{ listen 127.0.0.1:{port}; {text}\n location / {{ return 404; }} }}"
    (folder / "nginx.conf").write_text(
        f"daemon off; pid pid; events {{}} http {{ access_log off; client_max_body_size 0; {paths} {server} }}"
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
    process = subprocess.Popen([program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"], stderr=subprocess.DEVNULL)
    connection = Connection(port)
    wait_for(lambda: asked(connection, "/").status == 404)
    yield connection
    connection.close()
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder)


def asked(site: Connection, target: str, body: bytes | None = None, kind: str = "text/plain") -> Reply:
    try:
        return site.request("POST" if body else "GET", target, body, {"Content-Type": kind} if body else {})
    except (OSError, http.client.HTTPException):
        site.close()
        raise


def test_it_works_as_anywhere(site: Connection, suite: Suite) -> None:
    with contextlib.closing(Connection(suite.port)) as direct:
        for target, body, kind in (
            ("/highlight?language=python", b"x = 1", "text/plain"),
            ("/highlight/languages", None, ""),
            ("/highlight/python/eCA9IDE.svg", None, ""),
            ("/highlight?language=klingon", b"x", "text/plain"),
            ("/htmldiff", b'{"old": "a", "new": "b"}', "application/json"),
        ):
            below, above = asked(site, f"/tools{target}", body, kind), asked(direct, target, body, kind)
            assert below.status == above.status
            if above.status == 200:
                assert below.body == above.body
    for name in PURE:
        assert asked(site, f"/tools/{name}/health").status == 200


@pytest.mark.parametrize("name", PURE)
def test_links_stay_below(site: Connection, name: str) -> None:
    page = asked(site, f"/tools/{name}/docs")
    links = re.findall(r'(?:href|src|action)="([^"]+)"', page.body.decode())
    assert links
    for link in links:
        target = urljoin(f"/tools/{name}/docs", link)
        assert target.startswith("/tools/")
        assert asked(site, target).status == 200


@pytest.mark.parametrize("name", PURE)
def test_a_program_that_reads_the_document_comes_to_the_right_place(site: Connection, name: str) -> None:
    place = f"/tools/{name}/openapi.json"
    document = json.loads(asked(site, place).body)
    [server] = document["servers"]
    base = urljoin(place, server["url"]).rstrip("/")
    assert base == "/tools"
    assert asked(site, f"{base}/{name}/health").status == 200
    assert f"/{name}/health" in document["paths"]
    assert urljoin(f"/{name}/openapi.json", server["url"]) == "/"


@pytest.mark.parametrize(
    "path", ["/tools/auth/login", "/tools/health", "/tools/", "/tools/metrics", "/tools/highlighter"]
)
def test_nothing_else_is_below(site: Connection, path: str) -> None:
    assert asked(site, path).status == 404
