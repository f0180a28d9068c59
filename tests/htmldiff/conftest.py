"""The htmldiff service as a WSGI application, and under a real gunicorn."""

from collections.abc import Iterator

import pytest
from flask import Flask

from mergepoint.htmldiff.config import Settings
from mergepoint.htmldiff.web import create_app
from tests.servers import Gunicorn


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """The service with its default settings."""
    app = create_app(Settings())
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture(scope="session")
def htmldiff_server() -> Iterator[Gunicorn]:
    """The service as shipped: gunicorn with its configuration, on a port of its own."""
    server = Gunicorn("htmldiff").start()
    yield server
    server.stop()
