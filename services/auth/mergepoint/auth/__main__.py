"""The operator's commands: ``python -m mergepoint.auth create-user ada --admin``.

They work on the database itself; in a checkout, on that of its suite, which need not run.
"""

import argparse
import contextlib
import getpass
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from mergepoint.kit import typed
from mergepoint.kit.archive import Archive, UnusableBackup, Writer, new_file
from mergepoint.kit.config import load
from mergepoint.kit.state import last_run

from . import mail
from .accounts.passwords import generate_password
from .audit import RequestContext
from .backup import dump as backup
from .config import Settings
from .core import Auth
from .errors import AuthError, NotFound
from .storage.store import Store

DESCRIPTION = "The operator's commands. They work on the database itself; the suite need not run."
HERE = RequestContext(agent="command line")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: print its result to standard output, errors to standard error; return the exit code."""
    options = _parser().parse_args(arguments)
    _follow_last_run()
    settings = load(Settings)
    try:
        if options.of_the_whole:
            options.run(Store(settings.database), settings.state, options)
            return 0
        store = Store(settings.database)
        store.migrate()
        options.mail_server = settings.smtp
        options.run(Auth(store, settings.state, settings.public_url), options)
    except (AuthError, OSError, UnusableBackup) as error:
        print(f"{error} ({error.__cause__})" if error.__cause__ else error, file=sys.stderr)
        return 1
    return 0


def create_user(auth: Auth, options: argparse.Namespace) -> None:
    password = _password() if options.password_stdin else generate_password()
    proven = bool(options.email)  # the operator vouches for it
    user = auth.accounts.create(
        options.name, HERE, password=password, email=options.email, email_proven=proven, admin=options.admin
    )
    print(f"{user.name}" if options.password_stdin else f"{user.name} {password}")


def reset_password(auth: Auth, options: argparse.Namespace) -> None:
    """Print a link by which a user chooses another password, once; mail it to them too, if their address is proven."""
    user = auth.accounts.find(options.name)
    if user is None:
        raise NotFound(f"no user is called {options.name!r}")
    link = auth.password_link(user)
    auth.audit.tell("password_link_made", HERE, user_id=user.id)
    print(link, flush=True)
    if options.mail_server and user.email and user.email_proven:
        mail.send(options.mail_server, user.email, *mail.password_letter(user.name, link))


def rotate_identity_key(auth: Auth, options: argparse.Namespace) -> None:
    print(auth.identities.rotate())
    auth.audit.tell("identity_key_rotated", HERE)


def _follow_last_run() -> None:
    """Use the settings that the checkout's suite was started with, unless the environment says otherwise."""
    if "AUTH_STATE" not in os.environ:  # otherwise another place is meant, with settings of its own
        os.environ |= last_run().get("environment", {}) | os.environ


def back_up(store: Store, folder: Path, options: argparse.Namespace) -> None:
    with _open_output(options.file) as stream:
        archive = Writer(stream)
        archive.close({backup.NAME: backup.write(store, folder, archive.add)})


def restore(store: Store, folder: Path, options: argparse.Namespace) -> None:
    with _open_input(options.file, folder) as file:
        archive = Archive(file)  # verifies all checksums, before anything is changed
        about = archive.services.get(backup.NAME)
        if about is None:
            raise UnusableBackup("this backup has nothing of auth")
        backup.restore(archive, str(about.get("schema")), store, folder, replace=options.replace)
    print(f"restored {folder} and its database, of auth {about.get('version')} with schema {about.get('schema')}")


def _open_output(file: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if file != "-":
        return new_file(Path(file))
    if sys.stdout.isatty():
        raise OSError("a backup is not text for a terminal; name a file, or redirect the output")
    return contextlib.nullcontext(sys.stdout.buffer)


@contextlib.contextmanager
def _open_input(file: str, folder: Path) -> Iterator[BinaryIO]:
    """Yield *file* opened; a pipe is copied to an unnamed file first, since a restore reads twice."""
    if file != "-":
        with open(file, "rb") as opened:
            yield opened
        return
    if sys.stdin.seekable():
        yield sys.stdin.buffer
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder) as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.seek(0)
        yield kept


def _password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=typed.command("mergepoint.auth"), description=DESCRIPTION)
    parser.set_defaults(of_the_whole=False)  # True: the command works on the database and the folder as a whole
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    create = commands.add_parser("create-user", help="make a user and print the generated password")
    create.add_argument("name")
    create.add_argument("--email")
    create.add_argument("--admin", action="store_true")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    create.set_defaults(run=create_user)

    reset = commands.add_parser("reset-password", help="print a link by which a user chooses another password, once")
    reset.add_argument("name", help="or e-mail address")
    reset.set_defaults(run=reset_password)

    rotate = commands.add_parser("rotate-identity-key", help="sign identities with a new key, without an interruption")
    rotate.set_defaults(run=rotate_identity_key)

    back = commands.add_parser("backup", help="write all accounts and secrets to a file; the service may run")
    back.add_argument("file", help="or - for standard output")
    back.set_defaults(run=back_up, of_the_whole=True)

    again = commands.add_parser("restore", help="restore a backup; the service must not run")
    again.add_argument("file", help="or - for standard input")
    again.add_argument("--replace", action="store_true", help="replace the accounts that are there")
    again.set_defaults(run=restore, of_the_whole=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
