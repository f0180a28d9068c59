"""A place to visit: the shipped nginx with the auth service behind it, and applications that stand behind auth."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Mapping
from typing import Any

from tests.servers import ROOT, Reply, free_port, wait_for

# Each has a location of its own, with its name as the audience; nothing else is added to what ships.
POLICIES = {
    "wiki": "user",
    "open": "public",
    "maybe": "optional",
    "backstage": "admin",
    "tasks": "scope:tasks:write",
    "other": "user",
}
# The lines to copy from the README, for each of them.
README = (ROOT / "services/auth/README.md").read_text()
[LOCATION] = re.findall(r"^```nginx\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def location(name: str, policy: str) -> str:
    lines = LOCATION.replace("/wiki/", f"/{name}/").replace("$service wiki;", f"$service {name};")
    return lines.replace("$policy  user;", f"$policy  {policy};")


class Place:
    """nginx, auth and an application; *environment* is added to that of auth and nginx."""

    def __init__(
        self, database_url: str = "", *, applications: Mapping[str, str] | None = None, **environment: str
    ) -> None:
        """*applications* are files for nginx/applications/, by their names."""
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="mp", dir="/tmp"))  # short, for the sockets
        self.run.chmod(0o755)  # nginx's workers are somebody else when we are root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.public_url = f"http://localhost:{self.port}"  # a passkey is for a name, never for an address
        self.state = self.run / "state"
        self.log = self.run / "auth.log"
        self.nginx_log = self.run / "nginx.log"
        self._auth: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []
        self._admin: Visitor | None = None
        self._nginx: subprocess.Popen[bytes] | None = None
        self.application = Application()
        self._applications = applications or {}
        self.environment = {
            **os.environ,
            "MERGEPOINT_LISTEN": f"127.0.0.1:{self.port}",
            "MERGEPOINT_ACCESS_LOG": str(self.run / "access.log"),
            "MERGEPOINT_LIMITS": "off",
            "MERGEPOINT_SERVICE": "auth",
            "MERGEPOINT_BIND": f"unix:{self.run}/auth.sock",
            "AUTH_STATE": str(self.state),
            "AUTH_PUBLIC_URL": self.public_url,
            "AUTH_FIRST_ADMIN": "admin",
            "AUTH_DATABASE_URL": database_url,
            **environment,
        }

    def start(self) -> "Place":
        try:
            return self._start()
        except BaseException:
            said = self.nginx_log.read_text()[-2000:] if self.nginx_log.exists() else ""
            print(self.log.read_text()[-3000:], said, file=sys.stderr)
            self.stop()
            raise

    def _start(self) -> "Place":
        self.start_auth()
        self.start_nginx()
        wait_for(lambda: self.request("GET", "/auth/health").status == 200, seconds=30)
        return self

    def start_nginx(self) -> None:
        nginx = self.run / "files"
        shutil.copytree(ROOT / "nginx", nginx)
        locations = "".join(location(name, policy) for name, policy in POLICIES.items())
        (nginx / "applications/application.conf").write_text(locations)
        for name, text in self._applications.items():
            (nginx / "applications" / name).write_text(text)
        upstream = f"upstream application {{ server 127.0.0.1:{self.application.port}; keepalive 8; }}\n"
        with (nginx / "upstreams.conf").open("a") as file:
            file.write(upstream)
        with self.nginx_log.open("ab") as log:
            self._nginx = subprocess.Popen([nginx / "start", self.run], env=self.environment, stderr=log)
        wait_for(lambda: self.request("GET", "/").status == 200, seconds=30)

    def start_auth(self) -> None:
        with self.log.open("ab") as log:
            self._auth = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py")],
                env=self.environment, stdout=log, stderr=log, cwd=self.run,
            )  # fmt: skip
        wait_for(self._is_up, seconds=60)

    def start_service(self, name: str, **environment: str) -> None:
        """Start another service beside auth; it ends with the place."""
        more = {"MERGEPOINT_SERVICE": name, "MERGEPOINT_BIND": f"unix:{self.run}/{name}.sock", **environment}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/gunicorn.conf.py")],
                env={**self.environment, **more}, stdout=log, stderr=log, cwd=self.run,
            )  # fmt: skip
        self._others.append(process)
        wait_for(lambda: self.request("GET", f"/{name}/health").status == 200, seconds=60)

    def stop_auth(self) -> None:
        end(self._auth)

    def stop(self) -> None:
        for process in (self._auth, self._nginx, *self._others):
            end(process)
        self.application.stop()
        shutil.rmtree(self.run)

    @property
    def auth_pid(self) -> int:
        assert self._auth
        return self._auth.pid

    @property
    def first_password(self) -> str:
        return (self.state / "first-password").read_text().split()[1]

    def command(self, *arguments: str, input: str | None = None) -> str:
        """Run one of the operator's commands; return what it says."""
        command = [sys.executable, "-m", "mergepoint.auth", *arguments]
        done = subprocess.run(command, env=self.environment, input=input, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        source: str = "127.0.0.1",
    ) -> Reply:
        """Send *target* as it is, from the loopback address *source*."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(source, 0))
        with contextlib.closing(connection):
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def visitor(self, source: str = "127.0.0.1") -> "Visitor":
        return Visitor(self, source)

    def logged_in(self, login: str = "admin", password: str | None = None) -> "Visitor":
        visitor = self.visitor()
        reply = visitor.log_in(login, password or self.first_password)
        assert reply.status == 200, reply.body
        return visitor

    def user(self, name: str) -> "Visitor":
        """Make a user, as an administrator does, and return them logged in."""
        if self._admin is None:
            self._admin = self.logged_in()
        made = self._admin.post("/auth/users", {"name": name})
        assert made.status == 200, made.body
        token = made.json["link"].partition("token=")[2]
        chosen = self.visitor().post("/auth/password", {"token": token, "new_password": "correct horse battery"})
        assert chosen.status == 200, chosen.body
        return self.logged_in(name, "correct horse battery")

    def metrics(self) -> str:
        """What auth has counted."""
        return self.directly("/metrics").body.decode()

    def directly(self, target: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask auth itself, past nginx."""
        with contextlib.closing(http.client.HTTPConnection("auth", timeout=5)) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.run / "auth.sock"))
            connection.request("GET", target, headers=dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def _is_up(self) -> bool:
        assert self._auth
        assert self._auth.poll() is None, self.log.read_text()[-3000:]
        return self.directly("/auth/health").status == 200


class Visitor:
    """A program that keeps cookies, as a browser does, and sends JSON."""

    def __init__(self, place: Place, source: str) -> None:
        self._place = place
        self._source = source
        self.cookies: dict[str, str] = {}
        self.token = ""

    def request(
        self, method: str, target: str, json_body: Any = None, *, headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        sent = dict(headers or {})
        body = None
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        elif json_body is not None:
            body = json.dumps(json_body).encode()
            sent |= {"Content-Type": "application/json"}
        reply = self._place.request(method, target, body, sent, source=self._source)
        self._keep(reply)
        return reply

    def get(self, target: str, **headers: str) -> Reply:
        return self.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, target: str, json_body: Any = None, method: str = "POST") -> Reply:
        """Send JSON with the token that /auth/me gives."""
        token = self.get("/auth/me").json.get("csrf", "")
        return self.request(method, target, json_body or {}, headers={"X-CSRF-Token": token})

    def log_in(self, login: str, password: str) -> Reply:
        reply = self.request("POST", "/auth/login", {"login": login, "password": password})
        if reply.status == 200:
            self.token = reply.json["token"]
        return reply

    def _keep(self, reply: Reply) -> None:
        for cookie in reply.headers.get_all("Set-Cookie", []):
            name, _, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)


class Application:
    """Stands behind auth; tells what it was sent, and keeps it in *seen*."""

    def __init__(self) -> None:
        seen: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                said = {"method": self.command, "target": self.path, "headers": self.headers.items()}
                seen.append(said)
                said |= {"body": self.rfile.read(length).decode("latin-1")}
                path, _, query = self.path.partition("?")
                is_page = path.endswith(".html")
                body = page(query.partition("at=")[2]) if is_page else json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if is_page else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            def log_message(self, *_arguments: object) -> None:
                pass

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.handle_any
                raise AttributeError(name)

        self.seen = seen
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def page(site: str) -> bytes:
    """A page of the application, which embeds the user box of *site*."""
    return f"""<!doctype html><html lang="en"><title>A page that is not Mergepoint's</title>
<script>addEventListener("mergepoint-user", event => {{ window.told = event.detail }})</script>
<script src="{site}/auth/userbox.js" defer></script>
<mergepoint-userbox></mergepoint-userbox><p>Some text.</p>""".encode()


def end(process: subprocess.Popen[bytes] | None) -> None:
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def header(reply: Reply, name: str) -> list[str]:
    """The headers of that name that the application was sent."""
    return [value for found, value in reply.json["headers"] if found.lower() == name.lower()]
