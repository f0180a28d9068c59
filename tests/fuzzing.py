"""Tests that try examples made at random: a few of them in `make test`, all in `make test-long`."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# `make test-long` sets it; the share of the examples that are tried.
SHARE = float(os.environ.get("MERGEPOINT_FUZZ_SHARE", "0.1"))
FEWEST = 15


def fuzz(count: int) -> Callable[[Any], Any]:
    """Decorate a test of hypothesis that shall try *count* examples when there is time; the same ones each time."""

    def decorate(test: Any) -> Any:
        return pytest.mark.fuzz(repeatable(count)(test))

    return decorate


def repeatable(count: int) -> settings:
    """Return the settings for what is not a test by itself; mark the test around it with `pytest.mark.fuzz`."""
    return settings(
        max_examples=max(int(count * SHARE), FEWEST),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
