"""The service in this process, its sandbox and all."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.web import create_app
from tests.thumbnail.remote import canary, folder, links, origin  # noqa: F401  these are fixtures


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = create_app(Settings())
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
