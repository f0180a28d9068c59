"""The examples' profile: an application in Ruby, in a container beside the suite."""

import pytest

from tests.servers import wait_for
from tests.stack.compose import Stack


@pytest.fixture(scope="module")
def example(stack: Stack):
    stack.compose("build", "example-ruby", seconds=240)
    stack.up("example-ruby")
    yield lambda path: stack.request("GET", path, port=stack.examples_port)
    stack.compose("rm", "--stop", "--force", "example-ruby")


def test_example_shows_files_highlighted(example):
    assert b'<span class="k">class</span>' in example("/files/app.rb").body
    assert b"prefers-color-scheme: dark" in example("/style.css").body


def test_example_shows_files_plain_while_the_service_is_away(example, stack: Stack):
    stack.compose("stop", "highlight")
    try:
        wait_for(lambda: stack.request("GET", "/health").status == 503)
        page = example("/files/puma.rb")
    finally:
        stack.up("highlight")
    assert page.status == 200
    assert b'<pre class="plain">' in page.body


def test_example_has_no_rights_either(example, stack: Stack):
    container = stack.ids("example-ruby")[0]
    assert "NoNewPrivs:\t1" in stack.execute(container, "cat", "/proc/1/status").stdout
    assert stack.execute(container, "touch", "/srv/new").returncode != 0
    assert stack.execute(container, "id", "--user").stdout != "0\n"
