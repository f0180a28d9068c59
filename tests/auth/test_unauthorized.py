"""Whoever is not logged in at a guarded location: persons go to log in or send again later, programs are told."""

import re
from collections.abc import Mapping

import pytest

from tests.auth.place import Place
from tests.servers import Reply

# What nginx does with it, before any database is asked.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORM = "application/x-www-form-urlencoded"
NAVIGATION = {"Accept": PAGE, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
SCRIPTS: list[Mapping[str, str]] = [
    {"Accept": "*/*"},
    {"Accept": "application/json"},
    {},
    {"Accept": PAGE, "Sec-Fetch-Mode": "cors"},
    {"Accept": PAGE, "Sec-Fetch-Mode": "same-origin"},
    {"Accept": PAGE, "Sec-Fetch-Mode": "no-cors"},
    {"Accept": PAGE, "Sec-Fetch-Mode": "websocket"},
    {"Accept": PAGE, "Sec-Fetch-Mode": "NAVIGATED"},
    {"Accept": PAGE, "X-Requested-With": "XMLHttpRequest"},
    {"Accept": PAGE, "X-Requested-With": "fetch"},
    {"Accept": PAGE, "X-Requested-With": "xmlhttprequest", "Sec-Fetch-Mode": "navigate"},
    {"Accept": PAGE, "Authorization": "Bearer mp_x"},
    {"Accept": PAGE, "Authorization": "x"},
    {"Accept": PAGE, "Authorization": "Digest username=x, realm=y"},
    {"Accept": PAGE, "Authorization": "Bearer mp_x", "Sec-Fetch-Mode": "navigate"},
    {"Accept": PAGE, "Sec-Fetch-Mode": "cors", "X-Requested-With": "|navigate||text/html"},
]
PERSONS: list[Mapping[str, str]] = [
    NAVIGATION,
    {"Accept": PAGE},
    {"Accept": "TEXT/HTML"},
    {**NAVIGATION, "X-Requested-With": "com.example.browser"},  # an Android web view
    {**NAVIGATION, "Sec-Fetch-Dest": "iframe"},
    {**NAVIGATION, "Authorization": "Basic dTpw"},  # the application's own
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]


def is_problem(reply: Reply) -> None:
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert re.fullmatch(r'Bearer realm="mergepoint"(, error="invalid_token")?', reply.headers["WWW-Authenticate"])
    assert "Location" not in reply.headers


@pytest.mark.parametrize("sent", SCRIPTS, ids=str)
def test_a_program_and_a_script_get_401_and_a_bearer_challenge(place: Place, sent: Mapping[str, str]) -> None:
    for method in METHODS:
        reply = place.request(method, "/wiki/x", b"a=1" if method == "POST" else None, sent)
        is_problem(reply)
        if method != "HEAD":
            assert reply.json["code"] == "login_required"


@pytest.mark.parametrize("sent", PERSONS, ids=str)
def test_a_person_who_opens_a_page_is_sent_to_log_in(place: Place, sent: Mapping[str, str]) -> None:
    for method in ("GET", "HEAD"):
        reply = place.request(method, "/wiki/x", None, sent)
        assert (reply.status, reply.headers["Location"]) == (303, "/auth/login?next=/wiki/x")
        assert "Basic" not in str(reply.headers.get_all("WWW-Authenticate"))


@pytest.mark.parametrize("sent", PERSONS, ids=str)
@pytest.mark.parametrize("cookie", ["", "mergepoint=ms_" + "a" * 43])
def test_a_person_who_sends_something_is_told_to_log_in_elsewhere_and_send_again(
    place: Place, sent: Mapping[str, str], cookie: str
) -> None:
    place.application.seen.clear()
    for method in ("POST", "PUT", "PATCH", "DELETE") if "Sec-Fetch-Mode" in sent else ("POST",):
        reply = place.request(method, "/wiki/x", b"text=dear", {**sent, "Cookie": cookie, "Content-Type": FORM})
        assert reply.status == 401
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert "script" not in reply.headers["Content-Security-Policy"]
        assert b"reload" in reply.body
        assert b"dear" not in reply.body
        assert b"<script" not in reply.body
    assert place.application.seen == []


@pytest.mark.parametrize("kind", [FORM, f"{FORM}; charset=utf-8", "multipart/form-data; boundary=x", "TEXT/plain"])
def test_an_older_browser_is_known_by_the_type_of_its_form(place: Place, kind: str) -> None:
    reply = place.request("POST", "/wiki/x", b"a=1", {"Accept": PAGE, "Content-Type": kind})
    assert (reply.status, reply.headers["Content-Type"]) == (401, "text/html; charset=utf-8")
    for other in (f"{kind[:9]}x", "application/json", "application/xml"):
        is_problem(place.request("POST", "/wiki/x", b"a=1", {"Accept": PAGE, "Content-Type": other}))
    is_problem(place.request("POST", "/wiki/x", b"a=1", {"Accept": PAGE}))


@pytest.mark.parametrize("body", [b"a=1", b"x" * 500_000, b""])
def test_a_form_of_any_size_gets_the_page(place: Place, body: bytes) -> None:
    reply = place.request("POST", "/wiki/x", body, {**NAVIGATION, "Content-Type": FORM})
    assert (reply.status, reply.headers["Content-Type"]) == (401, "text/html; charset=utf-8")


def test_a_person_whom_the_policy_does_not_admit_gets_a_page_and_a_program_the_problem(place: Place) -> None:
    outsider = place.user("outsider")
    for sent in PERSONS:
        reply = outsider.get("/backstage/x", **sent)
        assert (reply.status, reply.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
        assert reply.headers["Cache-Control"] == "no-store"
        assert "script" not in reply.headers["Content-Security-Policy"]
        assert b"/auth/account" in reply.body
    for sent in SCRIPTS:
        if "Authorization" not in sent:
            reply = outsider.get("/backstage/x", **sent)
            assert (reply.status, reply.headers["Content-Type"]) == (403, "application/problem+json")
            assert reply.json["code"] == "forbidden"


@pytest.mark.parametrize("path", ["/auth/account", "/auth/keys", "/auth/sessions"])
def test_a_script_gets_no_login_page_from_our_own_pages_either(place: Place, path: str) -> None:
    for sent in SCRIPTS:
        is_problem(place.request("GET", path, None, sent))
    reply = place.request("GET", path, None, NAVIGATION)
    assert (reply.status, reply.headers["Content-Type"]) == (401, "text/html; charset=utf-8")


def test_where_to_change_a_password_is_well_known(place: Place) -> None:
    """https://www.w3.org/TR/change-password-url/"""
    for method in ("GET", "HEAD"):
        reply = place.request(method, "/.well-known/change-password", None, NAVIGATION)
        assert (reply.status, reply.headers["Location"]) == (303, "/auth/account#password")
    assert place.request("POST", "/.well-known/change-password", b"").status == 405
    nothing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
    assert place.request("GET", nothing).status == 404
    page = place.logged_in().get("/auth/account", Accept=PAGE)
    assert b'<h2 id="password">Change the password</h2>' in page.body
