"""The pages, by a browser without JavaScript."""

import pytest
from flask import Flask

from mergepoint.auth import Auth
from tests.auth.visitors import PASSWORD, Browser, Clock, make

PAGES = ["account", "sessions", "keys", "second-factor"]


@pytest.fixture
def ada(auth: Auth, browser: Browser) -> Browser:
    make(auth, "ada", email="ada@example.com")
    assert browser.log_in().status_code == 303
    return browser


def test_logging_in_leads_where_one_wanted_to_go(auth: Auth, browser: Browser) -> None:
    make(auth)
    browser.get("/auth/login?next=/wiki/page")
    reply = browser.submit("/auth/login", login="ada", password=PASSWORD, next="/wiki/page")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/wiki/page")


def test_a_wrong_password_keeps_the_name_and_says_what_is_wrong(auth: Auth, browser: Browser) -> None:
    make(auth)
    reply = browser.log_in(password="wrong password")
    assert reply.status_code == 401
    assert 'value="ada"' in reply.text
    assert 'role="alert"' in reply.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_an_account_ask_to_log_in(browser: Browser, path: str) -> None:
    reply = browser.get(f"/auth/{path}")
    assert reply.status_code == 401
    assert 'action="/auth/login"' in reply.text
    assert f'name="next" value="/auth/{path}"' in reply.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_an_account_are_shown_and_forbid_what_they_do_not_need(ada: Browser, path: str) -> None:
    reply = ada.get(f"/auth/{path}")
    assert reply.status_code == 200
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["users", "audit"])
def test_pages_of_administrators_are_for_them(auth: Auth, app: Flask, ada: Browser, path: str) -> None:
    assert ada.get(f"/auth/{path}").status_code == 403
    make(auth, "root", admin=True)
    root = Browser(app)
    root.log_in("root")
    assert root.get(f"/auth/{path}").status_code == 200


def test_the_password_is_changed_and_other_sessions_end(auth: Auth, app: Flask, ada: Browser) -> None:
    other = Browser(app)
    other.log_in()
    before = ada.cookie()
    ada.get("/auth/account")
    reply = ada.submit("/auth/account/password", password=PASSWORD, new_password="another horse battery")
    assert reply.status_code == 200
    assert ada.cookie() not in (None, before)
    assert ada.get("/auth/account").status_code == 200
    assert other.get("/auth/account").status_code == 401
    assert Browser(app).log_in(password=PASSWORD).status_code == 401
    assert Browser(app).log_in(password="another horse battery").status_code == 303


def test_a_key_is_made_shown_once_rotated_and_revoked(auth: Auth, ada: Browser) -> None:
    ada.get("/auth/keys")
    made = ada.submit("/auth/keys", name="nightly <b>", scopes="jobs, highlight")
    secret = made.text.partition('class="secret">')[2].partition("<")[0]
    assert auth.keys.find(secret) is not None
    assert "nightly &lt;b&gt;" in made.text
    assert secret not in ada.get("/auth/keys").text
    [key] = auth.keys.list(1)
    ada.submit(f"/auth/keys/{key.id}/rotate")
    assert len(auth.keys.list(1)) == 2
    assert ada.submit(f"/auth/keys/{key.id}/revoke").status_code == 200
    assert auth.keys.find(secret) is None


def test_sessions_are_listed_and_ended(app: Flask, ada: Browser) -> None:
    other = Browser(app)
    other.log_in()
    page = ada.get("/auth/sessions")
    assert page.text.count("<tr>") == 3
    ada.submit("/auth/sessions/end")
    assert other.get("/auth/account").status_code == 401
    assert ada.get("/auth/account").status_code == 200


def test_logging_out_takes_the_cookie_away(ada: Browser) -> None:
    ada.get("/auth/logout")
    assert ada.submit("/auth/logout").status_code == 303
    assert ada.cookie() is None


def test_somebody_new_registers(auth: Auth, browser: Browser) -> None:
    browser.get("/auth/register")
    reply = browser.submit("/auth/register", name="Grace", password=PASSWORD, email="grace@example.com")
    assert reply.status_code == 303
    assert "Grace" in browser.get("/auth/account").text


def test_an_administrator_makes_a_user_who_chooses_a_password(auth: Auth, app: Flask) -> None:
    make(auth, "root", admin=True)
    root = Browser(app)
    root.log_in("root")
    root.get("/auth/users")
    made = root.submit("/auth/users", name="lin", email="lin@example.com")
    link = made.text.partition('class="secret">http://localhost')[2].partition("<")[0]
    lin = Browser(app)
    lin.get(link)
    token = link.partition("token=")[2]
    assert lin.submit("/auth/password", token=token, new_password=PASSWORD).status_code == 303
    assert lin.log_in("lin").status_code == 303
    again = Browser(app)
    again.page = lin.page
    again.get("/auth/login")
    assert again.submit("/auth/password", token=token, new_password="a third password").status_code == 403


def test_a_user_is_disabled_and_enabled(auth: Auth, app: Flask, ada: Browser) -> None:
    make(auth, "root", admin=True)
    root = Browser(app)
    root.log_in("root")
    root.get("/auth/users")
    assert root.submit("/auth/users/1/change", disabled="1").status_code == 200
    assert ada.get("/auth/account").status_code == 401
    assert Browser(app).log_in().status_code == 401
    root.submit("/auth/users/1/change", disabled="0")
    assert Browser(app).log_in().status_code == 303


def test_the_address_is_not_proven_by_saying_so(auth: Auth, ada: Browser) -> None:
    ada.get("/auth/account")
    assert ada.submit("/auth/account/email", email="Ada@Example.org", password=PASSWORD).status_code == 303
    user = auth.accounts.find("ada@example.org")
    assert user
    assert not user.email_proven


def test_a_session_ends_when_it_is_idle_or_old(auth: Auth, ada: Browser, clock: Clock) -> None:
    clock.pass_(6 * 86400)
    assert ada.get("/auth/account").status_code == 200
    clock.pass_(8 * 86400)
    assert ada.get("/auth/account").status_code == 401
    ada.log_in()
    for _ in range(5):
        clock.pass_(6 * 86400)
        assert ada.get("/auth/account").status_code == 200
    clock.pass_(1 * 86400)
    assert ada.get("/auth/account").status_code == 401
