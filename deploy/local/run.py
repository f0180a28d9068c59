"""Runs the suite on this machine, without Docker: every service under gunicorn on a Unix socket, nginx in front.

What dies is started again; Ctrl-C ends everything cleanly. Needs what `make run` installs.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
START_WITHIN = 60.0
STOP_WITHIN = 15.0
CACHE_IN_MEMORY = "256m"  # as nginx/render has it; a cache that is set otherwise goes to a disk
ROOM_FOR_CACHE = 1 << 30  # nginx outgrows the size for moments
# The kernel tells a child when we are gone, however that happened (prctl(2), PR_SET_PDEATHSIG).
DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM"]


def main() -> int:
    listen = os.environ.get("MERGEPOINT_LISTEN") or "127.0.0.1:8080"
    host, port = split_address(listen)
    refuse_taken_port(host, port)
    run = make_folder()
    suite = Suite(run, listen)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        suite.start()
        url = f"http://{'localhost' if host in ('', '127.0.0.1', '0.0.0.0') else host}:{port}"
        if not suite.wait_for(url + "/health"):
            return 1
        print(try_this(url, suite.environment), flush=True)
        suite.watch()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        suite.stop()
        shutil.rmtree(run, ignore_errors=True)
    return 0


def make_folder() -> Path:
    """Return a new folder: sockets want a short path, nginx's cache wants no disk if there is room in memory.

    Measured: a stored answer costs 20 µs in memory, 130 to 700 µs on ext4.
    """
    shared_memory = Path("/dev/shm")
    fits = (
        os.environ.get("MERGEPOINT_CACHE_SIZE", CACHE_IN_MEMORY) == CACHE_IN_MEMORY
        and os.access(shared_memory, os.W_OK)
        and shutil.disk_usage(shared_memory).free > ROOM_FOR_CACHE
    )
    run = Path(tempfile.mkdtemp(prefix="mergepoint-", dir=shared_memory if fits else "/tmp"))
    run.chmod(0o755)  # nginx's workers are another user
    return run


def try_this(url: str, environment: Mapping[str, str]) -> str:
    password = Path(environment["AUTH_STATE"]) / "first-password"
    return f"""
Mergepoint runs on {url} (Ctrl-C ends it). Try:

  curl --data-binary @deploy/local/run.py '{url}/highlight?language=python'
  curl --json '{{"old": "a b", "new": "a c"}}' {url}/htmldiff
  curl {url}/health
  a browser: {url}/
  logging in: {url}/auth/login (the first administrator's password: {password})
"""


def state_home() -> Path:
    """Where accounts are kept from one run to the next (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mergepoint"


def split_address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"MERGEPOINT_LISTEN={listen!r}: an address and a port are expected, such as 127.0.0.1:8080")
    return host.strip("[]").replace("*", ""), int(port)


def refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sys.exit(f"port {port} on {host or 'this machine'}: {error.strerror.lower()}; MERGEPOINT_LISTEN moves it")


class Suite:
    """The processes, each by a name."""

    def __init__(self, run: Path, listen: str) -> None:
        self.environment = {**os.environ, "MERGEPOINT_LISTEN": listen, "PYTHONUNBUFFERED": "1", "TMPDIR": str(run)}
        host, port = split_address(listen)
        local = host in ("", "0.0.0.0", "127.0.0.1", "::", "::1")
        self.environment.setdefault("AUTH_PUBLIC_URL", f"http://localhost:{port}" if local else f"https://{host}")
        self.environment.setdefault("AUTH_STATE", str(state_home() / "auth"))
        self.environment.setdefault("AUTH_FIRST_ADMIN", "admin")
        services = sorted(path.parents[2].name for path in ROOT.glob("services/*/mergepoint/*/web.py"))
        gunicorn = [str(BIN / "gunicorn"), "-c", str(ROOT / "services/gunicorn.conf.py")]
        self.commands = {name: gunicorn for name in services if name != "kit"}
        self.commands["nginx"] = [str(ROOT / "nginx/start"), str(run)]
        self.run = run
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name in self.commands:
            self.start_one(name)

    def start_one(self, name: str) -> None:
        own = {"MERGEPOINT_SERVICE": name, "MERGEPOINT_BIND": f"unix:{self.run}/{name}.sock"}
        self.processes[name] = subprocess.Popen(
            [*DIES_WITH_US, *self.commands[name]],
            env=self.environment | ({} if name == "nginx" else own),
            cwd=self.run,
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is ours to pass on
        )

    def wait_for(self, health: str) -> bool:
        ends = time.monotonic() + START_WITHIN
        while time.monotonic() < ends:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    print(f"{name} ended with {process.returncode}; its last lines say why", file=sys.stderr)
                    return False
            if not all((self.run / f"{name}.sock").exists() for name in self.commands if name != "nginx"):
                time.sleep(0.05)
                continue
            try:
                with urllib.request.urlopen(health, timeout=2) as answer:
                    return bool(json.load(answer)["status"] == "ok")
            except OSError:
                time.sleep(0.05)
        print(f"no healthy answer from {health} in {START_WITHIN:.0f} s", file=sys.stderr)
        return False

    def watch(self) -> None:
        while True:
            time.sleep(1)
            for name, process in self.processes.items():
                if process.poll() is not None:
                    print(f"{name} ended with {process.returncode}; starting it again", file=sys.stderr)
                    with contextlib.suppress(ProcessLookupError):  # what it left, nginx's workers with the port
                        os.killpg(process.pid, signal.SIGKILL)
                    self.start_one(name)

    def stop(self) -> None:
        for name in reversed(self.processes):
            process = self.processes[name]
            if process.poll() is None:
                process.send_signal(signal.SIGQUIT if name == "nginx" else signal.SIGTERM)
        ends = time.monotonic() + STOP_WITHIN
        for process in self.processes.values():
            try:
                process.wait(max(ends - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
