"""Servers for the cases: each service, and the whole suite unless MERGEPOINT_CONTRACT_URL names one that runs."""

import functools
import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Return a function that gives a service, by its name, as a WSGI application."""
    made = []

    @functools.cache
    def app(service: str) -> Any:
        with pytest.MonkeyPatch.context() as environment:  # no longer: servers started later would inherit it
            for name in ("auth", "jobs"):
                environment.setenv(f"{name.upper()}_STATE", str(tmp_path_factory.mktemp(name)))
            made.append(importlib.import_module(f"mergepoint.{service}.web").create_app())
        return made[-1]

    yield app
    for each in made:
        if "sandbox" in each.extensions:
            each.extensions["sandbox"].close()


@pytest.fixture(scope="session")
def live_url(request: pytest.FixtureRequest) -> str:
    url: str = os.environ.get("MERGEPOINT_CONTRACT_URL") or request.getfixturevalue("suite").url
    return url.rstrip("/")
