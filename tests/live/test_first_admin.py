"""The first administrator of `make run`: a generated password, told once and findable, that logs in."""

import json
import pathlib
import re
import urllib.request

from tests.live.suite import Suite


def test_the_first_administrator_logs_in_with_the_password_that_is_told_once(suite: Suite) -> None:
    [password] = re.findall(r"with the password (\S+)", suite.log.read_text())
    [file] = [pathlib.Path(line["first_password"]) for line in suite.lines() if "first_password" in line]
    assert file.read_text() == f"admin {password}\n"
    assert file.stat().st_mode & 0o077 == 0
    assert len(password) >= 20
    body = json.dumps({"login": "admin", "password": password}).encode()
    request = urllib.request.Request(f"{suite.url}/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["user"]["admin"]
