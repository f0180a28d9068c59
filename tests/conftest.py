"""What tests of all services share: the highlight service as a WSGI application, and under a real gunicorn.

Before any of them, a sample tells whether the engine still agrees with the Pygments that is installed.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mergepoint.highlight.config import Settings
from mergepoint.highlight.web import create_app
from tests.highlight.engine.sample import disagreement
from tests.servers import Gunicorn


def pytest_sessionstart() -> None:
    if complaint := disagreement():
        pytest.exit(complaint, returncode=1)


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """The highlight service with its default settings."""
    app = create_app(Settings())
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def highlight_server() -> Iterator[Gunicorn]:
    """The highlight service as shipped: gunicorn with its configuration, on a port of its own."""
    server = Gunicorn("highlight").start()
    yield server
    server.stop()
