"""The second factor: a password alone authorises nothing, a code is good once, recovery codes help who lost theirs."""

import base64

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.access.gate import Credentials
from tests.auth.visitors import HERE, PASSWORD, Browser, Clock, make

IN_BASE32 = "or type <code>"


class Authenticator:
    def __init__(self, secret: str, clock: Clock) -> None:
        self._totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
        self._clock = clock
        self.codes: list[str] = []

    def code(self, drift: float = 0) -> str:
        return self._totp.generate(int(self._clock() + drift)).decode()


@pytest.fixture
def ada(auth: Auth, browser: Browser) -> Browser:
    make(auth)
    browser.log_in()
    return browser


@pytest.fixture
def authenticator(ada: Browser, clock: Clock) -> Authenticator:
    """Ada's, set up; *codes* are her recovery codes."""
    ada.get("/auth/second-factor")
    page = ada.submit("/auth/second-factor/totp").text
    found = Authenticator(page.partition(IN_BASE32)[2].partition("<")[0], clock)
    setup = page.partition('name="setup" value="')[2].partition('"')[0]
    done = ada.submit("/auth/second-factor/totp/confirm", setup=setup, code=found.code())
    assert done.status_code == 200
    found.codes = [part.partition("<")[0] for part in done.text.split("<li><code>")[1:]]
    clock.pass_(30)
    return found


def test_setting_it_up_ends_other_sessions_and_begins_this_one_anew(auth: Auth, app: Flask, ada: Browser) -> None:
    other = Browser(app)
    other.log_in()
    before = ada.cookie()
    made = ada.send("POST", "/auth/second-factor/totp").get_json()
    code = Authenticator(made["secret"], auth.clock).code()
    done = ada.send("POST", "/auth/second-factor/totp/confirm", {"setup": made["setup"], "code": code})
    assert len(done.get_json()["recovery_codes"]) == 10
    assert ada.cookie() != before
    assert other.get("/auth/account").status_code == 401


def test_a_wrong_code_turns_nothing_on(auth: Auth, ada: Browser) -> None:
    made = ada.send("POST", "/auth/second-factor/totp").get_json()
    done = ada.send("POST", "/auth/second-factor/totp/confirm", {"setup": made["setup"], "code": "000000"})
    assert done.status_code == 422
    assert not auth.accounts.get(1).guarded


def test_who_mistypes_the_first_code_tries_again_with_the_same_secret(ada: Browser, clock: Clock) -> None:
    ada.get("/auth/second-factor")
    first = ada.submit("/auth/second-factor/totp").text
    setup = first.partition('name="setup" value="')[2].partition('"')[0]
    again = ada.submit("/auth/second-factor/totp/confirm", setup=setup, code="000000")
    assert again.status_code == 422
    secret, same = (page.partition(IN_BASE32)[2].partition("<")[0] for page in (first, again.text))
    assert secret == same
    code = Authenticator(secret, clock).code()
    assert ada.submit("/auth/second-factor/totp/confirm", setup=setup, code=code).status_code == 200


def test_a_password_alone_authorises_nothing(auth: Auth, app: Flask, authenticator: Authenticator) -> None:
    visitor = Browser(app)
    reply = visitor.log_in()
    assert reply.headers["Location"].startswith("/auth/second-factor")
    for path in ("account", "sessions", "keys"):
        assert visitor.get(f"/auth/{path}").status_code == 401
    assert visitor.get("/auth/me", Accept="application/json").get_json()["user"] is None
    token = str(visitor.cookie())
    for credentials in (Credentials(cookie=token), Credentials(bearer=token)):
        with pytest.raises(ValueError):
            auth.gate.decide("user", "wiki", credentials)


@pytest.mark.parametrize(("policy", "status"), [("user", 401), ("optional", 200)])
def test_who_has_yet_to_show_the_code_keeps_the_cookie_for_it(
    app: Flask, authenticator: Authenticator, policy: str, status: int
) -> None:
    visitor = Browser(app)
    visitor.log_in()
    headers = {"Mergepoint-Policy": policy, "Mergepoint-Audience": "wiki"}
    said = visitor.client.get("/auth/verify", headers=headers)
    assert said.status_code == status
    assert "Mergepoint-Set-Cookie" not in said.headers
    assert said.headers.get("Mergepoint-Identity", "nobody") == "nobody"


def test_a_code_completes_it_with_a_new_session(app: Flask, authenticator: Authenticator) -> None:
    visitor = Browser(app)
    visitor.log_in()
    before = visitor.cookie()
    visitor.get("/auth/second-factor?next=/wiki/")
    reply = visitor.submit("/auth/second-factor/check", code=authenticator.code(), next="/wiki/")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/wiki/")
    assert visitor.cookie() != before
    assert visitor.get("/auth/account").status_code == 200


def test_a_code_is_good_once(app: Flask, authenticator: Authenticator) -> None:
    code = authenticator.code()
    for status in (303, 401):
        visitor = Browser(app)
        visitor.log_in()
        visitor.get("/auth/second-factor")
        assert visitor.submit("/auth/second-factor/check", code=code).status_code == status


@pytest.mark.parametrize(("drift", "status"), [(-30, 303), (30, 303), (-90, 401), (90, 401)])
def test_a_clock_may_be_half_a_minute_off(
    app: Flask, authenticator: Authenticator, clock: Clock, drift: float, status: int
) -> None:
    clock.pass_(300)
    visitor = Browser(app)
    visitor.log_in()
    visitor.get("/auth/second-factor")
    assert visitor.submit("/auth/second-factor/check", code=authenticator.code(drift)).status_code == status


def test_a_recovery_code_is_good_once(app: Flask, authenticator: Authenticator) -> None:
    code = authenticator.codes[0].upper().replace("-", " ")
    for status in (303, 401):
        visitor = Browser(app)
        visitor.log_in()
        visitor.get("/auth/second-factor")
        assert visitor.submit("/auth/second-factor/check", code=code).status_code == status


def test_guessing_codes_is_slowed_down(app: Flask, authenticator: Authenticator, clock: Clock) -> None:
    visitor = Browser(app)
    visitor.log_in()
    visitor.get("/auth/second-factor")
    for _ in range(5):
        assert visitor.submit("/auth/second-factor/check", code="000000").status_code == 401
    assert visitor.submit("/auth/second-factor/check", code=authenticator.code()).status_code == 401
    clock.pass_(60)
    assert visitor.submit("/auth/second-factor/check", code=authenticator.code()).status_code == 303


def test_a_session_waits_for_its_code_ten_minutes(app: Flask, authenticator: Authenticator, clock: Clock) -> None:
    visitor = Browser(app)
    visitor.log_in()
    clock.pass_(601)
    visitor.get("/auth/login")
    assert visitor.submit("/auth/second-factor/check", code=authenticator.code()).status_code == 401


def test_turning_it_off_takes_the_password_after_a_while(
    auth: Auth, ada: Browser, authenticator: Authenticator, clock: Clock
) -> None:
    clock.pass_(700)
    ada.get("/auth/second-factor")
    assert ada.submit("/auth/second-factor/totp/remove").status_code == 403
    ada.get("/auth/second-factor")
    assert ada.submit("/auth/second-factor/totp/remove", password=PASSWORD).status_code == 200
    assert not auth.accounts.get(1).guarded


def test_the_database_does_not_tell_the_secret(auth: Auth, authenticator: Authenticator) -> None:
    with auth.store.read() as connection:
        sealed = connection.exec_driver_sql("SELECT totp FROM users").scalar_one()
    assert auth.seal.open(bytes(sealed))
    assert len(bytes(sealed)) > 60


def test_no_key_changes_what_logging_in_takes(auth: Auth, app: Flask, ada: Browser) -> None:
    secret, _ = auth.keys.create(auth.accounts.get(1), HERE, name="all", scopes=["auth"])
    client = app.test_client()
    for path, body in (("second-factor/totp", {}), ("account/password", {}), ("handover", {"audience": "game"})):
        reply = client.post(f"/auth/{path}", json=body, headers={"Authorization": f"Bearer {secret}"})
        assert reply.status_code == 403
