"""Metrics, logs and OpenAPI call each route by one name, which dashboards depend on; blueprints add nothing to it."""

import pytest
import structlog
from flask import Flask
from prometheus_client import REGISTRY

NAMES = """
GET /auth home
GET /auth/account account
POST /auth/account/email change_email
POST /auth/account/password change_password
POST /auth/account/picture change_picture
GET /auth/audit audit
POST /auth/check check
GET /auth/docs docs
GET /auth/email email_page
POST /auth/email prove_email
POST /auth/handover handover
POST /auth/handover/redeem redeem
GET /auth/health health
GET /auth/jwks.json jwks
GET /auth/keys keys
POST /auth/keys create_key
DELETE /auth/keys/1 revoke_key
POST /auth/keys/1/revoke revoke_key
POST /auth/keys/1/rotate rotate_key
GET /auth/login login_page
POST /auth/login login
GET /auth/logout logout_page
POST /auth/logout logout
GET /auth/me me
GET /auth/oidc/x begin_oidc
GET /auth/oidc/x/callback finish_oidc
POST /auth/oidc/x/unlink unlink_oidc
GET /auth/openapi.json document
GET /auth/password password_page
POST /auth/password choose_password
GET /auth/register register_page
POST /auth/register register
GET /auth/second-factor second_factor
POST /auth/second-factor check_code
POST /auth/second-factor/check check_code
POST /auth/second-factor/passkeys add_passkey
DELETE /auth/second-factor/passkeys/1 remove_passkey
POST /auth/second-factor/passkeys/1/remove remove_passkey
POST /auth/second-factor/passkeys/begin begin_passkey
POST /auth/second-factor/passkeys/challenge challenge_passkey
POST /auth/second-factor/passkeys/check check_passkey
POST /auth/second-factor/recovery recovery
POST /auth/second-factor/totp begin_totp
POST /auth/second-factor/totp/confirm confirm_totp
POST /auth/second-factor/totp/remove remove_totp
GET /auth/sessions sessions
DELETE /auth/sessions end_sessions
DELETE /auth/sessions/1 end_session
POST /auth/sessions/1/end end_session
POST /auth/sessions/end end_sessions
GET /auth/static/pages.css static_file
GET /auth/userbox.js userbox
GET /auth/users users
POST /auth/users create_user
PATCH /auth/users/1 change_user
DELETE /auth/users/1 delete_user
POST /auth/users/1/change change_user
POST /auth/users/1/delete delete_user
POST /auth/users/1/reset reset_user
POST /auth/users/1/sessions/end end_user_sessions
POST /auth/users/invite invite
GET /auth/verify verify
GET /metrics metrics
GET /auth/nowhere none
"""
ROUTES = [line.split() for line in NAMES.strip().splitlines()]


def counted() -> dict[str, float]:
    """Return how many requests of auth each endpoint has answered, by the label that metrics have."""
    counts: dict[str, float] = {}
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            if sample.name == "mergepoint_request_seconds_count" and sample.labels["service"] == "auth":
                counts[sample.labels["endpoint"]] = sample.value
    return counts


def test_metrics_name_each_route_as_ever(app: Flask) -> None:
    client, before = app.test_client(), counted()
    for method, path, name in ROUTES:
        client.open(path, method=method, json={} if method != "GET" else None).close()
        after = counted()
        changed = {label for label in after if after[label] != before.get(label)}
        assert changed == {name}, path
        before = after


def test_no_route_is_missing_above(app: Flask) -> None:
    adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
    known = {adapter.match(path, method)[0] for method, path, name in ROUTES if name != "none"}
    assert known == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize(("path", "name"), [("/auth/login", "login"), ("/auth/users", "create_user")])
def test_the_log_names_a_route_as_metrics_do(app: Flask, path: str, name: str) -> None:
    with structlog.testing.capture_logs() as lines:
        app.test_client().post(path, json={"a": 1})
    assert [line["endpoint"] for line in lines if line["event"] == "refused"] == [name]


def test_openapi_names_a_route_as_metrics_do(app: Flask) -> None:
    paths = app.test_client().get("/auth/openapi.json").get_json()["paths"]
    assert paths["/auth/users"]["post"]["operationId"] == "create_user_post"
