"""Which programs make the suite, by name, and what each is told."""

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
    """Return how each is started: *names* under gunicorn, nginx last."""
    gunicorn = [str(BIN / "gunicorn"), "-c", str(ROOT / "services/gunicorn.conf.py")]
    return {**dict.fromkeys(names, gunicorn), NGINX: [str(ROOT / "nginx/start"), str(run)]}


def environment(run: Path, listen: str, state: Path, names: Sequence[str]) -> dict[str, str]:
    """Return what all of them are told: our environment, and what is decided here if it does not decide."""
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
    """Return what only the program *name* is told."""
    return {} if name == NGINX else {"MERGEPOINT_SERVICE": name, "MERGEPOINT_BIND": f"unix:{socket_of(name, run)}"}


def socket_of(name: str, run: Path) -> Path:
    return run / f"{name}.sock"
