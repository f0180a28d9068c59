"""The operator's commands: ``python -m mergepoint.auth create-user ada --admin``. They work on the database itself; in
a checkout, on that of its suite, which need not run.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence

from mergepoint.kit import typed
from mergepoint.kit.config import load
from mergepoint.kit.state import last_run

from . import mail
from .audit import Origin
from .config import Settings
from .core import Auth
from .errors import AuthError, NotFound
from .passwords import generated
from .store import Store

DESCRIPTION = "The operator's commands. They work on the database itself; the suite need not run."
HERE = Origin(agent="command line")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it made goes to standard output, what is wrong to standard error."""
    options = _parser().parse_args(arguments)
    _follow_last_run()
    settings = load(Settings)
    try:
        store = Store(settings.database)
        store.migrate()
        options.mail_server = settings.smtp
        options.run(Auth(store, settings.state, settings.public_url), options)
    except (AuthError, OSError) as error:
        print(f"{error} ({error.__cause__})" if error.__cause__ else error, file=sys.stderr)
        return 1
    return 0


def create_user(auth: Auth, options: argparse.Namespace) -> None:
    password = _password() if options.password_stdin else generated()
    proven = bool(options.email)  # the operator's word
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
    """Take the settings that the checkout's suite was started with, where nothing else is said."""
    if "AUTH_STATE" not in os.environ:  # another place is meant, and all that belongs to it
        os.environ |= last_run().get("environment", {}) | os.environ


def _password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=typed.command("mergepoint.auth"), description=DESCRIPTION)
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

    rotate = commands.add_parser("rotate-identity-key", help="sign identities with a new key; nobody notices")
    rotate.set_defaults(run=rotate_identity_key)
    return parser


if __name__ == "__main__":
    sys.exit(main())
