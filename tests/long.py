"""Parameters of which `make test` tries some, and `make test-long` the others."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def some(values: Iterable[Any], *, always: Collection[Any]) -> list[ParameterSet]:
    """Return *values* as parameters; those that are not in *always* are marked `long`."""
    return [pytest.param(value, marks=() if value in always else pytest.mark.long) for value in values]
