"""The health check's command: exit status 0 when the service can do its job, and a line that says how it is."""

import json
import os
import subprocess
import sys

from tests.servers import Gunicorn, free_port


def ask(bind: str, service: str = "highlight") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mergepoint.kit.health"],
        env={**os.environ, "MERGEPOINT_BIND": bind, "MERGEPOINT_SERVICE": service},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_a_service_that_is_well(highlight_server: Gunicorn) -> None:
    done = ask(f"0.0.0.0:{highlight_server.port}")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "ok"


def test_another_service_there(highlight_server: Gunicorn) -> None:
    done = ask(f"0.0.0.0:{highlight_server.port}", "htmldiff")
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "not_found"


def test_nobody_there() -> None:
    done = ask(f"0.0.0.0:{free_port()}")
    assert (done.returncode, done.stderr) == (1, "")
    assert "refused" in done.stdout
