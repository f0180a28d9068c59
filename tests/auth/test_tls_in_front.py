"""The suite behind a proxy that ends TLS: the shipped examples, with only addresses and paths of their own."""

import contextlib
import http.client
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping

import pytest

from tests.auth.place import Place, header
from tests.servers import ROOT, Reply, free_port, missing, need, wait_for

SITE = "example.com"
CLIENT = "127.0.0.9"
EXAMPLES = ROOT / "deploy/tls"


@pytest.fixture(scope="module")
def place(nginx_present: None) -> Iterator[Place]:
    place = Place(AUTH_PUBLIC_URL=f"https://{SITE}", TRUSTED_PROXIES="127.0.0.1")
    place.start()
    yield place
    place.stop()


class Front:
    """A proxy in front of *place*, on two ports."""

    def __init__(self, program: str, place: Place) -> None:
        self.http, self.https = free_port(), free_port()
        self.place = place
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mp", dir="/tmp"))
        self._certificate, self._key = self.folder / "fullchain.pem", self.folder / "privkey.pem"
        make = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
        ]
        files = ["-keyout", self._key, "-out", self._certificate, "-addext", f"subjectAltName=DNS:{SITE}"]
        subprocess.run([*make, f"/CN={SITE}", *files], check=True, capture_output=True)
        self._tls = ssl.create_default_context(cafile=self._certificate)
        command = self._nginx() if program == "nginx" else self._caddy()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(self.folder)})
        wait_for(lambda: self.request("GET", "/auth/health").status == 200, seconds=20)

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        with contextlib.closing(http.client.HTTPConnection(SITE, timeout=20)) as connection:
            raw = socket.create_connection(("127.0.0.1", self.https), 20, (CLIENT, 0))
            connection.sock = self._tls.wrap_socket(raw, server_hostname=SITE)
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.folder)

    def _nginx(self) -> list[str]:
        text = (EXAMPLES / "nginx.conf").read_text()
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{self.http};",
            "listen 443 ": f"listen 127.0.0.1:{self.https} ",
            "/etc/letsencrypt/live/example.com": str(self.folder),
            "127.0.0.1:8080": f"127.0.0.1:{self.place.port}",
        }.items():
            assert old in text
            text = text.replace(old, new)
        paths = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        machine = f"daemon off; pid pid; events {{}} http {{ access_log off; {paths} {text} }}"
        (self.folder / "nginx.conf").write_text(machine)
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
        return [program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]

    def _caddy(self) -> list[str]:
        text = (EXAMPLES / "Caddyfile").read_text()
        machine = (
            f"admin off\nhttp_port {self.http}\nhttps_port {self.https}\ndefault_bind 127.0.0.1\nskip_install_trust"
        )
        for old, new in {
            "127.0.0.1:8080": f"127.0.0.1:{self.place.port}",
            f"{SITE} {{": f"{{\n{machine}\n}}\n{SITE} {{\ntls {self._certificate} {self._key}",
        }.items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "Caddyfile").write_text(text)
        return ["caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def front(request: pytest.FixtureRequest, place: Place) -> Iterator[Front]:
    need("openssl")
    if request.param == "caddy" and not shutil.which("caddy"):
        missing("caddy is not installed")
    front = Front(request.param, place)
    yield front
    front.stop()


@pytest.fixture
def cookie(front: Front) -> str:
    """Of the administrator, who has logged in."""
    body = f'{{"login": "admin", "password": "{front.place.first_password}"}}'.encode()
    reply = front.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
    assert reply.status == 200, reply.body
    [cookie] = reply.headers.get_all("Set-Cookie", [])
    assert "Secure" in cookie
    assert cookie.startswith("__Host-")
    return cookie.partition(";")[0]


def test_the_application_is_told_https_and_who_the_client_is(front: Front, cookie: str) -> None:
    reply = front.request("GET", "/wiki/", None, {"Cookie": cookie})
    assert reply.status == 200
    assert header(reply, "X-Forwarded-Proto") == ["https"]
    assert header(reply, "X-Forwarded-For") == [CLIENT]
    assert header(reply, "X-Forwarded-Host") == header(reply, "Host") == [SITE]


def test_what_the_client_says_of_that_is_overwritten(front: Front, cookie: str) -> None:
    lies = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http", "X-Real-IP": "192.0.2.66"}
    reply = front.request("GET", "/wiki/", None, {"Cookie": cookie, **lies})
    assert header(reply, "X-Forwarded-Proto") == ["https"]
    assert header(reply, "X-Forwarded-For") == header(reply, "X-Real-IP") == [CLIENT]


def test_auth_knows_the_address_and_takes_forms_of_its_own_site(front: Front, cookie: str) -> None:
    me = front.request("GET", "/auth/me", None, {"Cookie": cookie}).json
    headers = {"Cookie": cookie, "Content-Type": "application/json", "X-CSRF-Token": me["csrf"]}
    for origin, status in ((f"https://{SITE}", 200), (f"http://{SITE}", 403), ("https://evil.example", 403)):
        body = b'{"name": "x", "scopes": ["x"]}'
        assert front.request("POST", "/auth/keys", body, {**headers, "Origin": origin}).status == status
    sessions = front.request("GET", "/auth/sessions", None, {"Cookie": cookie, "Accept": "application/json"}).json
    assert {session["address"] for session in sessions["sessions"]} == {CLIENT}


def test_http_leads_to_https_and_browsers_remember_it(front: Front) -> None:
    assert int(front.request("GET", "/auth/login").headers["Strict-Transport-Security"].partition("=")[2]) >= 31536000
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", front.http, timeout=20)) as connection:
        connection.request("GET", "/auth/login?x=1", headers={"Host": SITE})
        response = connection.getresponse()
    assert response.status in (301, 308)
    assert response.headers["Location"] == f"https://{SITE}/auth/login?x=1"


def test_somebody_who_is_not_logged_in_comes_back_to_this_site(front: Front) -> None:
    reply = front.request("GET", "/wiki/page", None, {"Accept": "text/html"})
    assert reply.status == 303
    assert reply.headers["Location"].startswith("/auth/login?")


def test_sizes_and_errors_are_the_suites_own(front: Front) -> None:
    reply = front.request("POST", "/highlight?language=python", b"x" * (600 * 1024), {"Content-Type": "text/plain"})
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")


def test_only_a_trusted_proxy_may_say_https(place: Place) -> None:
    for source, told in (("127.0.0.1", "https"), (CLIENT, "http")):
        reply = place.request("GET", "/open/", None, {"X-Forwarded-Proto": "https"}, source=source)
        assert header(reply, "X-Forwarded-Proto") == [told]
    for said in ("http", "HTTPS, http", "javascript", ""):
        reply = place.request("GET", "/open/", None, {"X-Forwarded-Proto": said})
        assert header(reply, "X-Forwarded-Proto") == ["http"]
