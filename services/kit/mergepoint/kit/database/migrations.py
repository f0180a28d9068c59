"""A service's migrations: a folder of Alembic's, and the revision that the code expects.

Alembic is loaded only when it is used: it takes 10 MB that the service itself does not need.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

NONE = "base"  # Alembic's word for no tables


@dataclass(frozen=True)
class Migrations:
    """*folder* has Alembic's env.py and versions/; *newest* is the revision that the code expects."""

    folder: Path
    newest: str

    def to_revision(self, connection: Connection, revision: str) -> None:
        """Give the database the tables of *revision*: its id, ``head`` for the newest, ``base`` for no tables."""
        from alembic import command

        settings = self._alembic()
        settings.attributes["connection"] = connection
        (command.downgrade if revision == NONE else command.upgrade)(settings, revision)

    def is_known(self, revision: str) -> bool:
        """Whether there are migrations from *revision* to the newest: there are none from a newer version's."""
        from alembic.script import ScriptDirectory

        known = {script.revision for script in ScriptDirectory.from_config(self._alembic()).walk_revisions()}
        return revision in known | {NONE}

    def _alembic(self) -> Any:
        from alembic.config import Config

        settings = Config()
        settings.set_main_option("script_location", str(self.folder))
        return settings


def revision_of(connection: Connection) -> str:
    """Return the revision of the tables; ``base`` without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return NONE
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or NONE)
