"""``deploy/manage``: one command of ``commands`` for each name."""

import importlib
import pkgutil

import click

from . import commands
from .place import Unusable


class Commands(click.Group):
    """The commands in the modules of ``commands``. An error is one line on standard error, and exit status 1."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = importlib.import_module(f"{commands.__name__}.{name}").command
        return command

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (Unusable, OSError) as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """The operator's commands, for the suite of this checkout: run by `make run`, or in containers.

    Each has --help with an example. Exit status: 0 done, 1 not done and why, 2 a command that cannot be read.
    """


if __name__ == "__main__":
    main(prog_name="deploy/manage")
