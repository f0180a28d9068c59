"""How far a running job is, as its worker tells it: `{"done": 3, "of": 12, "note": "page 3"}`.

A service that is asked over HTTP can say nothing before its answer, so the built-in worker tells nothing; a worker that
knows more writes it by `report`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ..errors import Invalid
from . import leases
from .changes import tell

NAMES = ("done", "of", "note")
LONGEST_NOTE = 200  # characters


def report(connection: Connection, id: str, token: str, progress: Mapping[str, Any]) -> None:
    """Write the progress of a running job. Raise LeaseLost without the lease."""
    tell(connection, leases.held(connection, id, token), json.dumps(dict(progress)))


def check_progress(value: object) -> Mapping[str, Any]:
    """Return *value* if it is progress: ``done``, and if they are known ``of`` and a ``note``. Raise Invalid if not."""
    if not isinstance(value, Mapping) or not set(value) <= set(NAMES) or "done" not in value:
        raise Invalid("progress", f"an object with done, and perhaps {', '.join(NAMES[1:])}, is expected")
    _check_number("done", value["done"], least=0)
    if (of := value.get("of")) is not None:
        _check_number("of", of, least=value["done"])
    if (note := value.get("note")) is not None and not (isinstance(note, str) and len(note) <= LONGEST_NOTE):
        raise Invalid("progress.note", f"a text of at most {LONGEST_NOTE} characters is expected")
    return {name: value[name] for name in NAMES if value.get(name) is not None}


def _check_number(name: str, value: object, *, least: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < least:
        raise Invalid(f"progress.{name}", f"a number from {least} on is expected")
