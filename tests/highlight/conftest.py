"""A real browser, for what only a browser can tell."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import missing, need

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need("chromium")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        except Error as error:
            missing(f"Chromium does not start: {error}")
        yield browser
        browser.close()
