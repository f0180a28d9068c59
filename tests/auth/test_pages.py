"""The pages, by a browser without JavaScript."""

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.sessions.agents import program
from tests.auth.visitors import HERE, PASSWORD, Browser, Clock, make

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


def test_who_must_log_in_is_not_told_off(browser: Browser) -> None:
    page = browser.get("/auth/account").text
    assert "Log in to go on." in page
    assert 'class="error"' not in page


def test_a_key_that_cannot_be_made_is_explained_beside_what_was_typed(ada: Browser) -> None:
    ada.get("/auth/keys")
    page = ada.submit("/auth/keys", name="nightly", scopes="Jobs!")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert 'value="nightly"' in page.text
    assert 'value="Jobs!"' in page.text


def test_a_form_that_makes_no_sense_is_a_page_too(ada: Browser) -> None:
    ada.get("/auth/keys")
    page = ada.submit("/auth/keys", name="nightly", scopes="jobs", days="never")
    assert (page.status_code, page.mimetype) == (422, "text/html")
    assert "Days: " in page.text


def test_users_are_listed_by_the_page_and_found(auth: Auth, app: Flask) -> None:
    make(auth, "root", admin=True)
    for number in range(1, 8):
        make(auth, f"user{number}", email=f"u{number}@example.com")
    root = Browser(app)
    root.log_in("root")
    first = root.client.get("/auth/users?limit=5").get_json()
    assert [len(first["users"]), first["after"]] == [5, 5]
    rest = root.client.get(f"/auth/users?after={first['after']}").get_json()
    assert [user["name"] for user in rest["users"]] == ["user5", "user6", "user7"]
    assert rest["after"] is None
    assert 'href="/auth/users?after=5"' in root.get("/auth/users?limit=5").text
    for login in ("USER6", "u6@example.com"):
        [found] = root.client.get("/auth/users", query_string={"login": login}).get_json()["users"]
        assert found["name"] == "user6"
    page = root.submit("/auth/users", name="user6", email="new@example.com")
    assert page.status_code == 409
    assert 'value="new@example.com"' in page.text


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19 Mobile Safari/604", "Safari on iPhone"),
        ("curl/8.5.0", "curl"),
        ("", "unknown"),
        ("<b>x</b>" * 50, "<b>x<"),
    ],
)
def test_programs_have_names(agent: str, name: str) -> None:
    assert program(agent) == name


@pytest.mark.parametrize("path", ["account", "sessions", "keys", "users", "audit"])
def test_who_comes_with_a_key_is_no_person(auth: Auth, app: Flask, path: str) -> None:
    root = make(auth, "root", admin=True)
    secret, _ = auth.keys.create(root, HERE, name="x", scopes=["auth", "admin"])
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/html,*/*;q=0.8"}
    reply = app.test_client().get(f"/auth/{path}", headers=headers)
    assert (reply.status_code, reply.mimetype) == (200, "application/json")


def test_a_change_that_is_refused_in_part_changes_nothing(auth: Auth, app: Flask) -> None:
    make(auth, "root", admin=True)
    root = Browser(app)
    root.log_in("root")
    assert root.send("PATCH", "/auth/users/1", {"admin": True, "disabled": True}).status_code == 422
    assert auth.audit.read(event="admin_granted") == []
    assert root.get("/auth/account").status_code == 200
