"""The programs of the suite by name, their commands and their environments."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NGINX = "nginx"
BIN = Path(sys.executable).parent


def services() -> list[str]:
    """Return the Python services to run: those of MERGEPOINT_SERVICES, or all that nginx has a file for."""
    faces = {path.parents[2].name for path in ROOT.glob("services/*/mergepoint/*/web.py")}
    files = {path.stem for path in ROOT.glob("nginx/services/*.conf")}
    wanted = os.environ.get("MERGEPOINT_SERVICES", "").replace(",", " ").split()
    return sorted(faces & files & set(wanted or files))


def commands(run: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the command of each program: *names* under gunicorn, nginx last."""
    gunicorn = [str(BIN / "gunicorn"), "-c", str(ROOT / "services/gunicorn.conf.py")]
    return {**dict.fromkeys(names, gunicorn), NGINX: [str(ROOT / "nginx/start"), str(run)]}


def environment(run: Path, listen: str, state: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the environment of all programs: ours, with defaults and the values of this run."""
    return {
        "AUTH_STATE": str(state / "auth"),
        "AUTH_FIRST_ADMIN": "admin",
        **os.environ,
        "MERGEPOINT_LISTEN": listen,
        "MERGEPOINT_SERVICES": ",".join(names),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(run),
    }


def own_environment(name: str, run: Path) -> Mapping[str, str]:
    """Return the additional environment of the program *name*."""
    return {} if name == NGINX else {"MERGEPOINT_SERVICE": name, "MERGEPOINT_BIND": f"unix:{socket_of(name, run)}"}


def socket_of(name: str, run: Path) -> Path:
    return run / f"{name}.sock"
