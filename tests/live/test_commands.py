"""The operator's commands work on what the checkout's suite works on, with nothing to set."""

import json
import os
import subprocess
import sys
import urllib.request

from tests.live.suite import Suite
from tests.nginx.gateway import SERVICES
from tests.servers import ROOT


def auth(suite: Suite, *arguments: str, **environment: str) -> str:
    """Run one of auth's commands as it is typed in the checkout."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**plain, "XDG_STATE_HOME": str(suite.state), **environment}
    command = [sys.executable, "-m", "mergepoint.auth", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_a_link_leads_to_where_the_suite_runs(suite: Suite) -> None:
    auth(suite, "create-user", "grace")
    link = auth(suite, "reset-password", "grace").strip()
    assert link.startswith(f"http://localhost:{suite.port}/auth/password?token=")
    request = urllib.request.Request(link.replace("localhost", "127.0.0.1"), headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=20) as page:
        assert b'type="password"' in page.read()


def test_a_user_that_is_made_can_log_in(suite: Suite) -> None:
    _, password = auth(suite, "create-user", "ada").split()
    body = json.dumps({"login": "ada", "password": password}).encode()
    request = urllib.request.Request(f"{suite.url}/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["user"]["name"] == "ada"


def test_what_the_environment_says_goes_before(suite: Suite) -> None:
    auth(suite, "create-user", "alan")
    told = {"AUTH_PUBLIC_URL": "https://example.com"}
    assert auth(suite, "reset-password", "alan", **told).startswith("https://example.com/auth/password")


def test_a_place_of_its_own_is_all_its_own(suite: Suite, tmp_path: object) -> None:
    told = {"AUTH_STATE": str(tmp_path)}
    auth(suite, "create-user", "grace", **told)  # who is there already in the suite's
    assert auth(suite, "reset-password", "grace", **told).startswith("http://localhost:8080/")


def test_a_command_is_shown_as_it_is_typed(suite: Suite) -> None:
    python = os.path.relpath(sys.executable, ROOT)
    assert f"usage: {python} -m mergepoint.auth " in auth(suite, "--help")


def test_the_record_says_what_runs_and_nobody_else_reads_it(suite: Suite) -> None:
    record = suite.record()
    assert record["pid"] == suite.process.pid
    assert record["url"] == f"http://localhost:{suite.port}"
    assert os.path.exists(f"{record['run']}/auth.sock")
    assert record["services"] == SERVICES
    assert record["environment"]["AUTH_STATE"].startswith(str(suite.state))
    [file] = suite.state.glob("mergepoint/*/run.json")
    assert file.stat().st_mode & 0o077 == 0
