"""The calls of ``client.auth`` from a shell: ``python -m mergepoint.client auth create_key nightly --scopes wiki``.

It reads MERGEPOINT_URL and MERGEPOINT_API_KEY, as the shell client does, and prints JSON. Passwords, tokens and keys
are read from standard input: every user of the machine can see the arguments of a program.
"""

import argparse
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from .auth import Auth
from .client import Client
from .errors import ConnectionFailed, Error

CALLS = [name for name in vars(Auth) if not name.startswith("_")]
SECRET = ("password", "token", "key")
KINDS: Mapping[str, Callable[[str], object]] = {"scopes": str.split, "rate": int, "days": float, "overlap": float}
REFUSED, WRONG, NO_ANSWER = 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one call and print its result; return the exit code: 1 refused, 2 wrong arguments, 3 no answer."""
    given = vars(_parser().parse_args(arguments))
    given.pop("service")
    call = given.pop("call")
    for name in _parameters(call):
        if name in SECRET:
            given[name] = sys.stdin.readline().rstrip("\n")
    try:
        client = Client(
            os.environ.get("MERGEPOINT_URL", "http://localhost:8080"), os.environ.get("MERGEPOINT_API_KEY") or None
        )
        print(json.dumps(getattr(client.auth, call)(**given), ensure_ascii=False))
    except (Error, ValueError) as error:
        print(f"mergepoint: {error}", file=sys.stderr)
        return NO_ANSWER if isinstance(error, ConnectionFailed) else REFUSED if isinstance(error, Error) else WRONG
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mergepoint.client", description=__doc__)
    auth = parser.add_subparsers(required=True, dest="service").add_parser("auth")
    calls = auth.add_subparsers(required=True, dest="call", metavar="CALL")
    for call in CALLS:
        one = calls.add_parser(call, help=(inspect.getdoc(getattr(Auth, call)) or "").partition("\n")[0])
        for name, parameter in _parameters(call).items():
            if name in KINDS:
                one.add_argument(f"--{name}", type=KINDS[name], required=parameter.default is parameter.empty)
            elif name not in SECRET:
                one.add_argument(name)
    return parser


def _parameters(call: str) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(getattr(Auth, call)).parameters)
    found.pop("self")
    return found


if __name__ == "__main__":
    sys.exit(main())
