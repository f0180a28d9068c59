"""Nobody makes more of what they have: a key no better key, a session no fresher or longer-lived one."""

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.access.gate import Credentials
from mergepoint.auth.accounts.user import User
from tests.auth.visitors import HERE, PASSWORD, Browser, Clock, make


@pytest.fixture
def root(auth: Auth) -> User:
    return make(auth, "root", admin=True)


def post(app: Flask, path: str, secret: str, body: object) -> tuple[int, dict[str, object]]:
    reply = app.test_client().post(path, json=body, headers={"Authorization": f"Bearer {secret}"})
    return reply.status_code, reply.get_json()


def test_a_key_rotates_none_that_may_more_than_itself(auth: Auth, app: Flask, root: User) -> None:
    small, _ = auth.keys.create(root, HERE, name="small", scopes=["auth"])
    _, large = auth.keys.create(root, HERE, name="large", scopes=["auth", "admin", "jobs"])
    status, told = post(app, f"/auth/keys/{large.id}/rotate", small, {})
    assert (status, told.get("secret")) == (403, None)
    assert len(auth.keys.list(root.id)) == 2


def test_a_key_rotates_itself(auth: Auth, app: Flask, root: User) -> None:
    secret, key = auth.keys.create(root, HERE, name="x", scopes=["auth", "jobs:write"])
    assert post(app, f"/auth/keys/{key.id}/rotate", secret, {})[0] == 200


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, 200), ({"days": 0.5, "rate": 9}, 200), ({"days": 3}, 403), ({"rate": 11}, 403), ({"scopes": ["jobs"]}, 403)],
)
def test_a_key_makes_none_that_lasts_longer_or_is_used_more_often(
    auth: Auth, app: Flask, root: User, clock: Clock, more: dict[str, object], expected: int
) -> None:
    secret, _ = auth.keys.create(root, HERE, name="x", scopes=["auth"], rate=10, expires=clock() + 86400)
    status, _ = post(app, "/auth/keys", secret, {"name": "y", "scopes": ["auth"], **more})
    assert status == expected
    for made in auth.keys.list(root.id):
        assert made.expires is not None
        assert made.expires <= clock() + 86400
        assert made.rate in (9, 10)


def test_a_key_rotates_none_that_lasts_longer_or_is_used_more_often(auth: Auth, app: Flask, root: User) -> None:
    secret, _ = auth.keys.create(root, HERE, name="x", scopes=["auth"], rate=10, expires=auth.clock() + 86400)
    _, free = auth.keys.create(root, HERE, name="y", scopes=["auth"])
    assert post(app, f"/auth/keys/{free.id}/rotate", secret, {})[0] == 403


def test_rotating_makes_no_more_keys_than_there_may_be(
    auth: Auth, app: Flask, root: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mergepoint.auth.credentials.keys.MOST_KEYS", 3)
    _, key = auth.keys.create(root, HERE, name="x", scopes=["auth"])
    for _ in range(10):
        try:
            _, key = auth.keys.rotate(root.id, key.id, HERE, overlap=0)
        except ValueError:
            break
    assert len(auth.keys.list(root.id)) == 3


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize(("path", "field"), [("/auth/keys", "days"), ("/auth/keys/{}/rotate", "overlap")])
def test_no_key_ends_at_a_moment_that_never_comes(
    auth: Auth, app: Flask, root: User, path: str, field: str, value: str
) -> None:
    secret, key = auth.keys.create(root, HERE, name="x", scopes=["auth"])
    body = f'{{"{field}": {value}' + (', "name": "y", "scopes": ["auth"]}' if field == "days" else "}")
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    assert app.test_client().post(path.format(key.id), data=body, headers=headers).status_code == 422
    assert len(auth.keys.list(root.id)) == 1


def test_the_largest_identity_is_one_that_services_take(auth: Auth) -> None:
    letter = "\U00010280"  # twelve characters in JSON, if that is ASCII
    user = make(auth, letter * 64, email=letter * 64 + "@" + ".".join(["a" * 46] * 4))
    scopes = [f"{'a' * 30}{number:02d}:{'b' * 32}" for number in range(50)]
    while scopes:
        try:
            secret, _ = auth.keys.create(user, HERE, name="x", scopes=["a" * 32, *scopes])
            break
        except ValueError:
            scopes.pop()
    assert len(scopes) >= 5
    identity = auth.gate.decide("user", "a" * 32, Credentials(bearer=secret)).identity
    assert identity
    assert len(identity) <= 3000  # nginx/njs/credentials.js


def test_a_session_by_handover_is_no_fresher_than_the_one_it_comes_from(
    auth: Auth, app: Flask, browser: Browser, clock: Clock
) -> None:
    make(auth)
    browser.log_in()
    clock.pass_(3600)
    assert browser.send("POST", "/auth/second-factor/totp").status_code == 403
    token = browser.send("POST", "/auth/handover", {"audience": "x"}).get_json()["token"]
    _, told = post(app, "/auth/handover/redeem", "", {"token": token, "audience": "x"})
    handed = str(told["token"])
    assert post(app, "/auth/second-factor/totp", handed, {})[0] == 403
    assert post(app, "/auth/second-factor/totp", handed, {"password": PASSWORD})[0] == 200


def test_a_session_by_handover_ends_no_later_than_the_one_it_comes_from(
    auth: Auth, app: Flask, browser: Browser, clock: Clock
) -> None:
    make(auth)
    browser.log_in()
    for _ in range(29):
        clock.pass_(86400)
        assert browser.get("/auth/account").status_code == 200
    token = browser.send("POST", "/auth/handover", {"audience": "x"}).get_json()["token"]
    _, told = post(app, "/auth/handover/redeem", "", {"token": token, "audience": "x"})
    headers = {"Authorization": f"Bearer {told['token']}"}
    assert app.test_client().get("/auth/account", headers=headers).status_code == 200
    clock.pass_(2 * 86400)
    assert app.test_client().get("/auth/account", headers=headers).status_code == 401


def test_changing_a_second_factor_makes_the_session_no_fresher(auth: Auth, browser: Browser, clock: Clock) -> None:
    make(auth)
    browser.log_in()
    clock.pass_(500)
    assert browser.send("POST", "/auth/second-factor/totp/remove").status_code == 200
    clock.pass_(500)
    assert browser.send("POST", "/auth/second-factor/totp/remove").status_code == 403


@pytest.mark.parametrize("scopes", [["admin"], ["jobs", "admin"], ["auth:read", "admin"], ["jobs"]])
@pytest.mark.parametrize("path", ["users", "audit", "keys", "sessions", "me", "account"])
def test_a_key_without_the_scope_of_this_service_may_nothing_here(
    auth: Auth, app: Flask, root: User, scopes: list[str], path: str
) -> None:
    secret, _ = auth.keys.create(root, HERE, name="x", scopes=scopes)
    reply = app.test_client().get(f"/auth/{path}", headers={"Authorization": f"Bearer {secret}"})
    assert reply.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/auth/users", {"name": "eve", "admin": True}, 403),
        ("PATCH", "/auth/users/2", {"admin": True}, 403),
        ("POST", "/auth/users/1/reset", {}, 403),
        ("POST", "/auth/users", {"name": "lin"}, 200),
        ("PATCH", "/auth/users/2", {"disabled": True}, 200),
        ("POST", "/auth/users/2/reset", {}, 200),
    ],
)
def test_a_key_makes_no_administrator_and_lets_nobody_in_as_one(
    auth: Auth, app: Flask, root: User, method: str, path: str, body: object, status: int
) -> None:
    make(auth, "ada")
    secret, _ = auth.keys.create(root, HERE, name="x", scopes=["auth", "admin"])
    reply = app.test_client().open(path, method=method, json=body, headers={"Authorization": f"Bearer {secret}"})
    assert reply.status_code == status
    assert [user.name for user in auth.accounts.list() if user.admin] == ["root"]
