"""``manage backup``: writes all data of the suite to one file."""

import sys
from pathlib import Path

import click

from management import place as places
from management import programs
from mergepoint.kit.archive import new_file

KEEPS = "auth"  # the only service with data to keep


@click.command(short_help="Write all that the suite keeps to a file.")
@click.argument("file")
@places.option
def command(file: str, place: str | None) -> None:
    """Write all that the suite keeps to FILE: accounts, sessions, keys, and what signs. - is standard output.

    The suite may run meanwhile; nobody waits. Whoever has the file can pose as every user: keep it as a secret.

    \b
    Examples:
      deploy/manage backup /var/backups/mergepoint-$(date +%F).tar
      deploy/manage backup - | age -r age1… > mergepoint.tar.age
    """
    program = [*places.named(place).command(KEEPS), "backup", "-"]
    if file != "-":
        with new_file(Path(file)) as stream:
            programs.run(program, stdout=stream)
    elif sys.stdout.isatty():
        raise click.ClickException("a backup is no text for a terminal: name a file, or send it somewhere")
    else:
        programs.run(program)
