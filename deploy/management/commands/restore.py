"""``manage restore``: restores the data in a backup."""

from typing import IO

import click

from management import place as places
from management import programs

from .backup import KEEPS


@click.command(short_help="Put back what a backup holds.")
@click.argument("file", type=click.File("rb"))
@click.option("--replace", is_flag=True, help="In place of the accounts that are there.")
@places.option
def command(file: IO[bytes], replace: bool, place: str | None) -> None:
    """Put back what FILE holds, which `manage backup` has written; - is standard input.

    The suite must not run. The file is checked first; if anything is wrong, nothing is changed. A backup of an older
    version can be restored too, and one of another kind of database (SQLite, PostgreSQL).

    \b
    Examples:
      deploy/manage restore /var/backups/mergepoint-2030-01-31.tar
      deploy/manage restore --replace - < mergepoint.tar
    """
    found = places.named(place)
    programs.run([*found.command(KEEPS), "restore", *(["--replace"] if replace else []), "-"], stdin=file)
    click.echo(f"start the suite: {found.starts}", err=True)
