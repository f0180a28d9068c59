"""Whatever is sent to whichever path, it is no fault of ours."""

import itertools
from typing import Any

import pytest
from flask import Flask

from mergepoint.auth import Auth
from tests.auth.visitors import Browser, make

ODD: list[Any] = [
    None, True, -1, 0, 1e308, 10**30, "", " ", "\0", "a\0b", "\u202e", "é" * 3, "x" * 5000, [], [[]], {},
    {"a": {}}, ["\0"],
    "../..", "' OR 1=1 --", "{{7*7}}", "<script>", "\ud83d\ude00", "٣", "1", "mp_" + "a" * 36, "a.b.c", "NaN",
]  # fmt: skip
BODIES = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"a": 1, "a": 2}', b"[" * 5000, b'{"login": "\\ud800"}',
    b"%00=%ff&a=b", b"login=%ed%a0%80", b"login=a&login=b",
]  # fmt: skip


def paths(app: Flask) -> list[tuple[str, str]]:
    """Every method of every path, with odd words in it."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for word in ("x", "%00", "99999999999999999999999") if rule.arguments else ("",):
                path = rule.rule
                for argument in rule.arguments:
                    path = path.replace(f"<int:{argument}>", word).replace(f"<{argument}>", word)
                found.append((method, path))
    return found


@pytest.fixture
def root(auth: Auth, browser: Browser) -> Browser:
    make(auth, "root", admin=True, email="root@example.com")
    browser.log_in("root")
    return browser


def test_odd_bodies(app: Flask, root: Browser) -> None:
    accepts, types = ("application/json", "text/html"), ("application/json", "application/x-www-form-urlencoded")
    kinds = itertools.cycle(itertools.product(accepts, types))  # each in its turn
    statuses = set()
    for client, (method, path), body in itertools.product((root.client, app.test_client()), paths(app), BODIES):
        accept, type = next(kinds)
        reply = client.open(path, method=method, data=body, content_type=type, headers={"Accept": accept})
        assert reply.status_code != 500, (method, path, body)
        statuses.add(reply.status_code)
        reply.close()
    assert len(statuses) > 4


def test_odd_values_of_whoever_is_logged_in(app: Flask, auth: Auth, root: Browser) -> None:
    """With the fields that each call knows, one of them odd at a time."""
    fields = {
        rule.endpoint: list(view.operation[1].model_fields)
        for rule in app.url_map.iter_rules()
        if (view := app.view_functions[rule.endpoint]) and hasattr(view, "operation") and view.operation[1]
    }
    for rule in app.url_map.iter_rules():
        if (
            rule.endpoint not in fields
            or "POST" not in (rule.methods or ())
            or rule.endpoint in ("login.login", "login.logout")
        ):
            continue
        path = rule.rule.replace("<int:id>", "1").replace("<id>", "x")
        for field, value in itertools.product(fields[rule.endpoint], ODD):
            body = dict.fromkeys(fields[rule.endpoint], "x") | {field: value}
            reply = root.client.post(path, json=body, headers={"X-CSRF-Token": token(root)})
            assert reply.status_code != 500, (path, body)
            assert reply.status_code != 503, (path, body)


def token(browser: Browser) -> str:
    reply = browser.client.get("/auth/me").get_json()
    if reply["user"] is None:
        browser.log_in("root")
        reply = browser.client.get("/auth/me").get_json()
    return str(reply["csrf"])


HEADERS = [
    "Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "X-CSRF-Token", "Accept", "User-Agent", "X-Real-IP",
    "X-Request-Id",
]  # fmt: skip
VALUES = [
    "", "x", "Bearer", "Bearer ", "bearer \x7f", "Basic eDp4", "mergepoint=", "mergepoint=ms_x; mergepoint-form=%00",
    "é",
    "a" * 7000,
]  # fmt: skip
PATHS = ["/auth/me", "/auth/login", "/auth/account", "/auth/verify", "/auth/keys"]


@pytest.mark.parametrize("header", HEADERS)
def test_odd_headers(app: Flask, header: str) -> None:
    for value, path in itertools.product(
        VALUES, ("/auth/me", "/auth/login", "/auth/account", "/auth/verify", "/auth/keys")
    ):
        policy = {"Mergepoint-Policy": "optional", "Mergepoint-Audience": "x"}
        reply = app.test_client().get(path, headers={**policy, header: value})
        assert reply.status_code not in (500, 503), (path, value)
        reply = app.test_client().post("/auth/login", json={"login": "x", "password": "y"}, headers={header: value})
        assert reply.status_code not in (500, 503), value


def test_odd_policies_admit_nobody(app: Flask, root: Browser) -> None:
    for policy in (
        "",
        "x",
        "Public",
        "public ",
        "user,admin",
        "scope",
        "scope:",
        "scope:*",
        "admin\x00",
        "é",
        "a" * 5000,
    ):
        headers = {"Mergepoint-Policy": policy, "Mergepoint-Audience": "wiki"}
        reply = root.client.get("/auth/verify", headers=headers)
        assert reply.status_code in (404, 422), policy
        assert "Mergepoint-Identity" not in reply.headers
