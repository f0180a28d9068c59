"""Real applications behind auth: small ones of Django, Flask and Sinatra, each under a server usual for it."""

import contextlib
import http.client
import os
import pathlib
import subprocess
import sys
import tempfile

from tests.auth.place import Place, end
from tests.servers import ROOT, free_port, need, wait_for

HERE = pathlib.Path(__file__).parent
NAMES = ("django", "flask", "sinatra")

# As nginx/applications/README.md has it; `more` is what a test adds.
LOCATION = """location ^~ /{name}/ {{
    set $service     {name};
    set $policy      {policy};
    set $application 127.0.0.1:{port};
    {first}
    include snippets/policies/auth.conf;
    include snippets/policies/identity.conf;
    {more}
    proxy_pass http://$application;
}}
"""


def location(name: str, port: int, *, policy: str = "user", first: str = "", more: str = "") -> str:
    """Return the file of nginx/applications/ for *name*, whose paths are /*name*/…, with the lines of a test."""
    return LOCATION.format(name=name, port=port, policy=policy, first=first, more=more)


class Running:
    """The application *name* in a process of its own, on a port of 127.0.0.1; its paths begin with /*name*/."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="mergepoint-test-")
        self.log = pathlib.Path(self._folder.name, "log")
        environment = {**os.environ, "PREFIX": f"/{name}", "TMPDIR": self._folder.name, "PYTHONPATH": str(ROOT)}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), env=environment, cwd=self._folder.name, stdout=log, stderr=log
            )

    def wait(self) -> "Running":
        """Return when it answers."""
        wait_for(self._is_up, seconds=30)
        return self

    def stop(self) -> None:
        end(self._process)
        self._folder.cleanup()

    def _command(self) -> list[str]:
        if self.name == "sinatra":
            return ["puma", "--bind", f"tcp://127.0.0.1:{self.port}", "--threads", "1:8", str(HERE / "sinatra_app.ru")]
        module = f"tests.auth.applications.{self.name}_app:application"
        bind = ["--bind", f"127.0.0.1:{self.port}", "--threads", "8"]
        return [sys.executable, "-m", "gunicorn", *bind, module]

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request("GET", f"/{self.name}/seen")
            return connection.getresponse().read() != b""


class Site(Place):
    """nginx and auth with the real applications behind it, each at /*name*/; *more* are lines for their locations."""

    def __init__(self, *, first: str = "", more: str = "", policy: str = "user", **environment: str) -> None:
        need("ruby", "puma")
        self.running = {name: Running(name) for name in NAMES}
        files = {
            f"{name}.conf": location(name, application.port, policy=policy, first=first, more=more)
            for name, application in self.running.items()
        }
        super().__init__(applications=files, **{"AUTH_REGISTRATION": "open", **environment})

    def start(self) -> "Site":
        for application in self.running.values():
            application.wait()
        super().start()
        return self

    def stop(self) -> None:
        super().stop()
        for application in self.running.values():
            application.stop()
