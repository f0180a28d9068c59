"""The first user, an administrator, made where there is no user yet."""

from pathlib import Path

from mergepoint.kit.database.files import write_once

from ..audit import RequestContext
from .accounts import Accounts
from .passwords import generate_password

FIRST_PASSWORD = "first-password"  # the name of the file that keeps it


def make_first_administrator(accounts: Accounts, folder: Path, name: str) -> str | None:
    """Return the generated password of the new administrator *name*; None where there are users already.

    The password is also in the file ``first-password`` in *folder*, for an operator who did not read the log in time.
    """
    if accounts.count():
        return None
    path, password = folder / FIRST_PASSWORD, generate_password()
    accounts.create(name, RequestContext(agent="first start"), password=password, admin=True)
    path.unlink(missing_ok=True)
    write_once(path, f"{name} {password}\n".encode())
    return password
