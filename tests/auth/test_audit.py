"""The audit log knows every security event: whom it is about, who did it, from where, and no secret."""

import json
import re

from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.__main__ import rotate_identity_key
from mergepoint.auth.credentials.login import NETWORK
from tests.auth.test_factors import Authenticator
from tests.auth.visitors import HERE, PASSWORD, Browser, Clock, make
from tests.servers import ROOT

SOURCE = "".join(path.read_text() for path in (ROOT / "services/auth/mergepoint/auth").rglob("*.py"))
WRITTEN = re.findall(r"""(?:\bnote\(\s*connection,|\btell\(|\bevent(?:: str)? ?= ?|key, context,)\s*([^\n]*)""", SOURCE)
EVENTS = {name for line in WRITTEN for name in re.findall(r'"([a-z]+(?:_[a-z]+)*)"', line) if name != "id"}
IN_A_BROWSER = {"passkey_added", "passkey_used", "passkey_removed"}  # see test_browser.py
OTHER = "another good password"


def test_every_event_that_there_is_is_written(auth: Auth, app: Flask, clock: Clock) -> None:
    secrets = live(auth, app, clock)
    events = auth.audit.read(limit=1000)
    assert {"login", "logout", "key_rotated", "password_accepted"} <= EVENTS
    assert EVENTS - {event["event"] for event in events} == IN_A_BROWSER
    for event in events:
        assert event["event"] in ("identity_key_rotated", "provider_linked", "provider_unlinked") or event["address"]
    written = json.dumps(events)
    assert not [secret for secret in secrets if secret in written]


def live(auth: Auth, app: Flask, clock: Clock) -> list[str]:
    """Do everything that an event is written of; return the secrets that were seen."""
    make(auth, "root", admin=True)
    root, ada = Browser(app, "192.0.2.1"), Browser(app, "192.0.2.2")
    root.log_in("root")
    made = root.send("POST", "/auth/users", {"name": "ada", "email": "ada@example.com"}).get_json()
    id, token = made["user"]["id"], made["link"].partition("token=")[2]
    ada.send("POST", "/auth/password", {"token": token, "new_password": PASSWORD})
    ada.log_in("ada")
    ada.send("POST", "/auth/account/picture", {"picture": "https://example.com/a.png"})
    ada.send("POST", "/auth/account/email", {"password": PASSWORD, "email": "lovelace@example.com"})
    auth.accounts.set_email(auth.accounts.get(id), "lovelace@example.com", HERE, proven=True)
    key = ada.send("POST", "/auth/keys", {"name": "x", "scopes": ["wiki"]}).get_json()
    other = ada.send("POST", f"/auth/keys/{key['key']['id']}/rotate").get_json()
    ada.send("DELETE", f"/auth/keys/{other['key']['id']}")
    handover = ada.send("POST", "/auth/handover", {"audience": "game"}).get_json()["token"]
    game = (
        Browser(app)
        .client.post("/auth/handover/redeem", json={"token": handover, "audience": "game"})
        .get_json()["token"]
    )
    [there] = [one for one in ada.client.get("/auth/sessions").get_json()["sessions"] if one["audience"]]
    ada.send("DELETE", f"/auth/sessions/{there['id']}")
    ada.send("DELETE", "/auth/sessions")
    secret, codes = with_second_factor(auth, app, ada, clock)
    ada.send("POST", "/auth/account/password", {"password": PASSWORD, "new_password": OTHER})
    auth.federation.link(auth.accounts.get(id), "somewhere", {"sub": "1"}, HERE)
    auth.federation.unlink(auth.accounts.get(id), "somewhere", HERE)
    root.send("POST", "/auth/users/invite", {"email": "lin@example.com"})
    for change in ({"admin": True}, {"admin": False}, {"disabled": True}, {"disabled": False}):
        root.send("PATCH", f"/auth/users/{id}", change)
    root.send("POST", f"/auth/users/{id}/reset")
    root.send("DELETE", f"/auth/users/{id}")
    for _ in range(NETWORK.burst + 10):
        Browser(app, "192.0.2.66").client.post(
            "/auth/login", json={"login": "root", "password": "wrong password"}, headers={"X-Real-IP": "192.0.2.66"}
        )
    rotate_identity_key(auth, None)  # type: ignore[arg-type]
    root.send("POST", "/auth/logout")
    return [PASSWORD, OTHER, token, key["secret"], other["secret"], handover, game, secret, *codes]


def with_second_factor(auth: Auth, app: Flask, ada: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Set it up, be asked for it, mistype it until it is throttled, and take it away again."""
    begun = ada.send("POST", "/auth/second-factor/totp").get_json()
    authenticator = Authenticator(begun["secret"], clock)
    body = {"setup": begun["setup"], "code": authenticator.code()}
    ada.send("POST", "/auth/second-factor/totp/confirm", body)
    codes = ada.send("POST", "/auth/second-factor/recovery").get_json()["recovery_codes"]
    again = Browser(app, "192.0.2.3")
    again.send("POST", "/auth/login", {"login": "ada", "password": PASSWORD})
    challenge = again.send("POST", "/auth/second-factor/passkeys/challenge").get_json()
    again.send("POST", "/auth/second-factor/passkeys/check", {"token": challenge["token"], "credential": {}})
    for _ in range(7):
        again.send("POST", "/auth/second-factor/check", {"code": "000000"})
    clock.pass_(60)
    assert again.send("POST", "/auth/second-factor/check", {"code": codes[0]}).status_code == 200
    ada.send("POST", "/auth/second-factor/totp/remove")
    return begun["secret"], codes
