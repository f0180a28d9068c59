"""The command line: a service over ZeroMQ, a broker and its workers, their status, keys."""

import argparse
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from .. import logs, typed
from ..config import BAD_CONFIGURATION, load, settings_of
from ..problems import Problem
from ..service import find
from . import addresses, curve, status
from .commands import Offer
from .performing import Performers, Tasks
from .serving import Frontend, Server
from .working import Worker

CUT_FACTOR = 2  # a frame that is larger than so many times what may be sent cuts the connection
BROKERS_BYTES = 26_214_400  # of contents: thumbnail's, the most that a service of ours takes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. A bad setting is a line on standard error and status 78 (EX_CONFIG)."""
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except (addresses.BadAddress, curve.BadKey, LookupError) as error:
        print(error.args[0], file=sys.stderr)
        return BAD_CONFIGURATION
    except (status.NoAnswer, Problem) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=typed.command("mergepoint.kit.zeromq"), description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve one service, in one process")
    serve.add_argument("service")
    serve.add_argument("--bind", metavar="ADDRESS", help="where clients connect")
    serve.set_defaults(run=_serve)

    broker = commands.add_parser("broker", help="take requests for the workers who connect")
    broker.add_argument("--frontend", metavar="ADDRESS", help="where clients connect")
    broker.add_argument("--backend", metavar="ADDRESS", help="where workers connect")
    broker.add_argument("--max-bytes", type=int, default=BROKERS_BYTES, help="of the contents of a request")
    broker.add_argument("--workers", type=Path, metavar="FILE", help="the public keys of workers, one on a line")
    broker.set_defaults(run=_broker)

    worker = commands.add_parser("worker", help="work on one service, for a broker")
    worker.add_argument("service")
    worker.add_argument("--connect", metavar="ADDRESS", help="the broker's backend")
    worker.set_defaults(run=_worker)

    shown = commands.add_parser("status", help="show the workers of a server; with a SERVICE fail if it has none")
    shown.add_argument("service", nargs="?")
    shown.add_argument("--connect", metavar="ADDRESS", help="where clients connect")
    shown.set_defaults(run=_status)

    for each in (serve, broker, worker):
        each.add_argument("--alive", type=Path, metavar="FILE", help="touch this file while all is well")
    for each in (serve, broker):
        each.add_argument("--key", type=Path, metavar="FILE", help="the secret key, which `keys` makes")
        each.add_argument("--clients", type=Path, metavar="FILE", help="the public keys of clients, one on a line")
    for each in (worker, shown):
        each.add_argument("--key", type=Path, metavar="FILE", help="the secret key, which `keys` makes")
        each.add_argument("--server-key", metavar="KEY", help="the public key of the server")

    keys = commands.add_parser("keys", help="make a secret key in a new FILE and print its public key")
    keys.add_argument("file", type=Path)
    keys.set_defaults(run=_keys)
    return parser


def _serve(given: argparse.Namespace) -> None:
    if given.key and not given.clients:
        raise curve.BadKey("--key needs --clients")
    frontend = _frontend(given.bind or addresses.default(given.service), given.key, given.clients, "clients")
    with (
        _performers(given.service) as performers,
        closing(Server(frontend(performers.offer.max_bytes), performers=performers, alive=given.alive)) as server,
    ):
        server.run()


def _broker(given: argparse.Namespace) -> None:
    if given.key and not (given.clients or given.workers):
        raise curve.BadKey("--key needs --clients, --workers or both")
    front, back = given.frontend or addresses.default("broker"), given.backend or addresses.default("workers")
    frontend = _frontend(front, given.key, given.clients, "clients")
    backend = _frontend(back, given.key, given.workers, "workers")
    logs.configure("zeromq")
    most = given.max_bytes
    with closing(Server(frontend(most), backend=backend(most), alive=given.alive)) as server:
        server.run()


def _worker(given: argparse.Namespace) -> None:
    address, keys = _peer(given, "workers")
    with _performers(given.service) as performers, closing(Worker(performers, address, keys, given.alive)) as worker:
        worker.run()


def _status(given: argparse.Namespace) -> None:
    found = status.ask(*_peer(given, "broker"))
    print(json.dumps(found, indent=1))
    if given.service and not any(worker["service"] == given.service for worker in found["workers"]):
        raise status.NoAnswer(f"no worker of {given.service} is there")


def _peer(given: argparse.Namespace, name: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """Return the address to connect to, by default that of *name*, and the keys for it."""
    if bool(given.key) != bool(given.server_key):
        raise curve.BadKey("--key and --server-key belong together")
    address = given.connect or addresses.default(name)
    addresses.check(address, curve=bool(given.key), setting="--key and --server-key")
    if not given.key:
        return address, None
    return address, (curve.read_secret(given.key), curve.read_public(given.server_key, "--server-key"))


def _keys(given: argparse.Namespace) -> None:
    print(curve.make(given.file))


def _frontend(address: str, key: Path | None, allowed: Path | None, who: str) -> Callable[[int], Frontend]:
    """Return, for the most bytes of contents, where *who* connect, with CURVE if the *allowed* are listed; raise
    BadAddress or BadKey.
    """
    if allowed and not key:
        raise curve.BadKey(f"--{who} needs --key")
    addresses.check(address, curve=allowed is not None, setting=f"--key and --{who}")
    addresses.prepare(address)  # before a service is started in vain
    secret, keys = (curve.read_secret(key), curve.PublicKeys(allowed)) if key and allowed else (b"", None)
    return lambda max_bytes: Frontend(address, CUT_FACTOR * max_bytes, secret, keys)


@contextmanager
def _performers(name: str) -> Iterator[Performers]:
    """Start the service *name* with its settings from the environment: its sandbox first, before there are threads."""
    settings = load(settings_of(name))
    logs.configure(name)
    running = find(name)(settings).start()
    with closing(running):
        running.check()  # waits for the sandbox, so that the first request does not
        tasks, setup = Tasks(running), running.service.sandbox
        # As many as the sandbox takes at a time: what is more waits in the line, where clients take turns.
        slots = setup.children + setup.stragglers
        # Of one client, as many as there are children: it can use them all, and if all that it sends runs long, these
        # calls leave their places to others.
        share, where = setup.children, f"{socket.gethostname()}:{os.getpid()}"
        offer = Offer(name, tasks.contents, running.service.max_bytes, slots, share, where)
        with closing(Performers(tasks, offer)) as performers:
            yield performers
