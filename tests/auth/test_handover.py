"""Handing over: a token that is good once, for seconds, for one program; and then a session of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.access.gate import Credentials
from tests.auth.visitors import HERE, Browser, Clock, make


@pytest.fixture
def ada(auth: Auth, browser: Browser) -> Browser:
    make(auth)
    browser.log_in()
    return browser


def handover(ada: Browser, audience: str = "game") -> str:
    return str(ada.send("POST", "/auth/handover", {"audience": audience}).get_json()["token"])


def redeem(app: Flask, token: str, audience: str = "game") -> int:
    reply = app.test_client().post("/auth/handover/redeem", json={"token": token, "audience": audience})
    return reply.status_code


def test_the_program_gets_a_session_of_its_own(auth: Auth, app: Flask, ada: Browser) -> None:
    reply = app.test_client().post("/auth/handover/redeem", json={"token": handover(ada), "audience": "game"})
    session = auth.gate.session(Credentials(bearer=reply.get_json()["token"]))
    assert session
    assert (session.user.name, session.audience) == ("ada", "game")
    assert session.id != auth.gate.session(Credentials(cookie=ada.cookie())).id  # type: ignore[union-attr]
    assert "Set-Cookie" not in reply.headers


def test_it_is_good_once_however_many_try_at_the_same_time(app: Flask, ada: Browser) -> None:
    token = handover(ada)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: redeem(app, token), range(8)))
    assert sorted(statuses) == [200] + [403] * 7


def test_it_is_good_for_seconds_and_one_program(app: Flask, ada: Browser, clock: Clock) -> None:
    assert redeem(app, handover(ada), "another") == 403
    token = handover(ada)
    clock.pass_(31)
    assert redeem(app, token) == 403


def test_a_wrong_program_does_not_use_it_up(app: Flask, ada: Browser) -> None:
    token = handover(ada)
    assert redeem(app, token, "another") == 403
    assert redeem(app, token) == 200


def test_it_dies_with_the_session_that_made_it(auth: Auth, app: Flask, ada: Browser) -> None:
    token = handover(ada)
    auth.sessions.end_all(1, HERE)
    assert redeem(app, token) == 403


@pytest.mark.parametrize("audience", ["", "a b", "a" * 65, "é", "a/b"])
def test_a_program_has_a_plain_name(ada: Browser, audience: str) -> None:
    assert ada.send("POST", "/auth/handover", {"audience": audience}).status_code == 422


def test_another_token_of_ours_is_no_handover(auth: Auth, app: Flask, ada: Browser) -> None:
    other = auth.one_time_tokens.sign("password", {"user": 1, "session": "x", "audience": "game"})
    assert redeem(app, other) == 403
