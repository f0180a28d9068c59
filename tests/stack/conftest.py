"""The suite in containers, once for all tests here. Without Docker they are skipped; on CI that is an error."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.servers import missing
from tests.stack.compose import Stack


@pytest.fixture(scope="session")
def docker() -> None:
    """Docker answers, and has Compose v2."""
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            subprocess.run(command, capture_output=True, timeout=20, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            missing(f"Docker does not answer: {error}")


@pytest.fixture(scope="session")
def stack(docker: None) -> Iterator[Stack]:
    # All load comes from one address here, which is not what the limit on it is about.
    stack = Stack(MERGEPOINT_IN_FLIGHT="32")
    try:
        stack.up("--build")
        yield stack
    finally:
        stack.remove()
