"""``python -m mergepoint.suite``: the suite under gunicorn, in one process that serves and one that watches it."""

import argparse
import ipaddress
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mergepoint.kit import listen as listening
from mergepoint.kit import typed
from mergepoint.kit.config import BAD_CONFIGURATION
from mergepoint.kit.process import ADDRESS

from . import services
from .application import check_free
from .mounts import check_prefix
from .services import NAMES

DESCRIPTION = "Every service that is installed, in one process, without nginx."
DEFAULT = "127.0.0.1:8080"
GUNICORN = Path(__file__).with_name("gunicorn.conf.py")
BEYOND = (
    "{} can be reached from other machines. Nothing stands in front of the suite: no cache, no limit for each address, "
    "and no protection from slow clients. Behind nginx (`make run`) it has all of them."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        environment = _environment(options)
    except ValueError as error:
        parser.error(str(error))
    os.environ.update(environment)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before a service imports numpy
    os.environ.setdefault("AUTH_FIRST_ADMIN", "admin")
    try:
        services.check_settings(services.find_settings(options.only).values(), warn=False)
    except services.BadSettings as error:
        print(error, file=sys.stderr)
        return BAD_CONFIGURATION
    if not is_loopback(options.listen):
        print(f"warning: {BEYOND.format(options.listen)}", file=sys.stderr)
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    try:
        return _serve()
    except KeyboardInterrupt:  # before gunicorn listens to signals
        return 130


def _interrupt(*_: object) -> NoReturn:
    """Raise KeyboardInterrupt, each second until it ends the program: within a destructor or a callback of C code,
    Python drops it.
    """
    signal.alarm(1)
    raise KeyboardInterrupt


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches *address*, such as ``127.0.0.1:8080`` or ``unix:/run/suite.sock``."""
    if address.startswith("unix:"):
        return True
    host, _ = listening.split(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serve() -> int:
    """Run gunicorn with the configuration of all services; it ends by a signal, or a mistake."""
    from gunicorn.app.wsgiapp import WSGIApplication

    sys.argv = ["mergepoint.suite", "--config", str(GUNICORN)]
    WSGIApplication("%(prog)s").run()
    return 0


def _environment(options: argparse.Namespace) -> dict[str, str]:
    """Return the settings that the *options* stand for; raise ValueError for one that cannot be."""
    options.only = services.check_names(options.only.replace(",", " ").split() or NAMES)
    options.listen = _address(options.listen)
    for mount in options.mount:
        _check_mount(mount, options.only)
    prefixes = [mount.partition("=")[0] for mount in options.mount]
    if twice := [prefix for prefix in prefixes if prefixes.count(prefix) > 1]:
        raise ValueError(f"argument --mount: {twice[0]!r} is there twice")
    if options.debug and not is_loopback(options.listen):
        raise ValueError(f"argument --debug: whoever reaches {options.listen} could run programs; listen on 127.0.0.1")
    profile = _folder(options.profile) if options.profile else ""
    return {
        "MERGEPOINT_SERVICE": "suite",
        "MERGEPOINT_BIND": options.listen,
        "MERGEPOINT_LISTEN": options.listen if not options.listen.startswith("unix:") else DEFAULT,
        "SUITE_ONLY": ",".join(options.only),
        "SUITE_MOUNT": "\n".join(options.mount),
        "SUITE_PROFILE": profile,
        "SUITE_DEBUG": "true" if options.debug else "false",
        **({"SUITE_THREADS": "1"} if profile else {}),  # Python profiles one thread at a time
    }


def _address(value: str) -> str:
    value = value if ":" in value else f"127.0.0.1:{value}"  # a port alone is for this machine, as for `make run`
    value = f"127.0.0.1{value}" if value.startswith(":") else value
    found = ADDRESS.fullmatch(value)
    if not found or int(found[1] or 1) not in range(65_536):
        raise ValueError(f"argument --listen: {value!r} is no address; one such as {DEFAULT} is expected")
    return value


def _check_mount(mount: str, names: Sequence[str]) -> None:
    prefix, _, place = mount.partition("=")
    module, colon, application = place.partition(":")
    if not module or not colon or not application or any(sign.isspace() for sign in mount):
        raise ValueError(f"argument --mount: {mount!r}: a value such as /shop=shop.wsgi:application is expected")
    try:
        check_prefix(prefix)
        check_free(prefix, names)
    except ValueError as error:
        raise ValueError(f"argument --mount: {error}") from None


def _folder(value: str) -> str:
    folder = Path(value).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"argument --profile: {value!r} is no folder and cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"argument --profile: this process may not write to {value!r}")
    return str(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=typed.command("mergepoint.suite"), description=DESCRIPTION)
    parser.add_argument(
        "--listen",
        metavar="ADDRESS",
        default=os.environ.get("MERGEPOINT_LISTEN") or DEFAULT,
        help="where to listen (default: MERGEPOINT_LISTEN, or %(default)s)",
    )
    parser.add_argument("--only", metavar="NAMES", default="", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument(
        "--mount",
        metavar="/PREFIX=MODULE:APPLICATION",
        action="append",
        default=[],
        help="another WSGI application beside the services; may be given several times",
    )
    parser.add_argument("--profile", metavar="FOLDER", help="write a profile of each request into this folder")
    parser.add_argument("--debug", action="store_true", help="show Werkzeug's debugger for errors; on loopback only")
    return parser
