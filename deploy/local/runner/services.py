"""The programs of the suite by name, their commands and their environments."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NGINX = "nginx"
WORKER = "-worker"  # after a service's name: its worker, a program of its own that serves nobody
BIN = Path(sys.executable).parent


def services() -> list[str]:
    """Return the Python services to run: those of MERGEPOINT_SERVICES, or all that nginx has a file for."""
    faces = {path.parents[2].name for path in ROOT.glob("services/*/mergepoint/*/web.py")}
    files = {path.stem for path in ROOT.glob("nginx/services/*.conf")}
    wanted = os.environ.get("MERGEPOINT_SERVICES", "").replace(",", " ").split()
    return sorted(faces & files & set(wanted or files))


def commands(run: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the command of each program: *names* under gunicorn, then workers of those that have one, nginx last."""
    gunicorn = [str(BIN / "gunicorn"), "-c", str(ROOT / "services/gunicorn.conf.py")]
    workers = {
        name + WORKER: [sys.executable, "-m", f"mergepoint.{name}.worker"]
        for name in names
        if (ROOT / f"services/{name}/mergepoint/{name}/worker.py").exists()
    }
    return {**dict.fromkeys(names, gunicorn), **workers, NGINX: [str(ROOT / "nginx/start"), str(run)]}


def environment(run: Path, listen: str, state: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the environment of all programs: ours, with defaults and the values of this run."""
    return {
        "AUTH_STATE": str(state / "auth"),
        "AUTH_FIRST_ADMIN": "admin",
        "JOBS_STATE": str(state / "jobs"),
        **os.environ,
        "MERGEPOINT_LISTEN": listen,
        "MERGEPOINT_SERVICES": ",".join(names),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(run),
    }


def own_environment(name: str, run: Path) -> Mapping[str, str]:
    """Return the additional environment of the program *name*."""
    if name == NGINX:
        return {}
    if name.endswith(WORKER):
        return {f"{name.removesuffix(WORKER).upper()}_DOOR": str(run / "door/door.sock")}
    return {"MERGEPOINT_SERVICE": name, "MERGEPOINT_BIND": f"unix:{socket_of(name, run)}"}


def listens(name: str) -> bool:
    """Whether the program *name* is a service, with a socket that says when it is ready."""
    return name != NGINX and not name.endswith(WORKER)


def socket_of(name: str, run: Path) -> Path:
    return run / f"{name}.sock"
