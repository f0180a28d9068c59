"""Forward auth through the shipped nginx: who passes under which policy, and what the application behind is told."""

import time

import pytest

from mergepoint.kit.identity import Keys, verify
from tests.auth.place import POLICIES, Place, Visitor, header


@pytest.fixture(scope="module")
def admin(place: Place) -> Visitor:
    return place.logged_in()


@pytest.fixture(scope="module")
def ada(place: Place) -> Visitor:
    return place.user("ada")


@pytest.mark.parametrize(
    ("name", "nobody", "user", "administrator"),
    [
        ("open", 200, 200, 200),
        ("maybe", 200, 200, 200),
        ("wiki", 401, 200, 200),
        ("backstage", 401, 403, 200),
        ("tasks", 401, 200, 200),
    ],
)
def test_the_policy_of_the_location_decides(
    place: Place, ada: Visitor, admin: Visitor, name: str, nobody: int, user: int, administrator: int
) -> None:
    assert place.visitor().get(f"/{name}/page").status == nobody
    assert ada.get(f"/{name}/page").status == user
    assert admin.get(f"/{name}/page").status == administrator


def test_the_application_gets_an_identity_made_for_it(place: Place, ada: Visitor) -> None:
    keys = Keys(f"{place.url}/auth/jwks.json")
    for name in ("wiki", "other", "maybe"):
        [token] = header(ada.get(f"/{name}/"), "Mergepoint-Identity")
        claims = verify(token, audience=name, find_key=keys.find)
        assert claims["name"] == "ada"
        assert claims["exp"] - claims["iat"] <= 60


def test_the_longest_identity_fits_into_a_header(place: Place, admin: Visitor) -> None:
    """A name and an address of as many bytes as there may be, and a key with as many scopes."""
    name, domain = "\U00020000" * 64, ".".join(["d" * 46] * 4)
    place.command("create-user", name, "--email", f"{name}@{domain}", "--password-stdin", input="correct horse battery")
    visitor = place.logged_in(name, "correct horse battery")
    scopes = ["wiki", *(f"wiki:{'a' * 28}{letter}" for letter in "abcdefghijklmn")]
    assert 480 < len(" ".join(scopes)) <= 500
    made = visitor.post("/auth/keys", {"name": "x", "scopes": scopes})
    assert made.status == 200, made.body
    reply = place.request("GET", "/wiki/", None, {"Authorization": f"Bearer {made.json['secret']}"})
    assert reply.status == 200, reply.body
    [token] = header(reply, "Mergepoint-Identity")
    keys = Keys(f"{place.url}/auth/jwks.json")
    assert verify(token, audience="wiki", find_key=keys.find)["name"] == name


def test_nobody_is_nobody_where_that_is_allowed(place: Place, ada: Visitor) -> None:
    assert header(place.visitor().get("/maybe/"), "Mergepoint-Identity") == []
    assert header(ada.get("/open/"), "Mergepoint-Identity") == []


def test_a_browser_is_sent_to_log_in_and_comes_back(place: Place) -> None:
    reply = place.visitor().get("/wiki/a%20page?x=1&y=/2", Accept="text/html,*/*;q=0.8")
    assert reply.status == 303
    assert reply.headers["Location"] == "/auth/login?next=/wiki/a%2520page?x=1%26y=/2"
    login = place.visitor().get(reply.headers["Location"], Accept="text/html")
    assert b'name="next" value="/wiki/a%20page?x=1&amp;y=/2"' in login.body


def test_a_program_is_told_by_a_problem(place: Place) -> None:
    for reply in (place.visitor().get("/wiki/"), place.request("POST", "/wiki/", b"x", {"Accept": "text/html"})):
        assert reply.status == 401
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert reply.json["code"] == "login_required"
        assert reply.headers.get_all("X-Request-Id") == [reply.json["request_id"]]


def test_the_body_of_a_request_arrives(ada: Visitor) -> None:
    assert ada.request("POST", "/wiki/", {"a": 1}).json["body"] == '{"a": 1}'


def test_logging_out_ends_it_within_a_second(place: Place) -> None:
    visitor = place.logged_in()
    assert visitor.get("/wiki/").status == 200
    cookies = dict(visitor.cookies)
    assert visitor.post("/auth/logout").status == 200
    time.sleep(1.0)
    visitor.cookies = cookies
    assert visitor.get("/wiki/").status == 401


def test_a_dead_cookie_counts_as_none_and_is_taken_away(place: Place) -> None:
    for name in ("wiki", "maybe"):
        visitor = place.visitor()
        visitor.cookies["mergepoint"] = "ms_dead"
        reply = visitor.get(f"/{name}/")
        assert reply.status == (401 if POLICIES[name] == "user" else 200)
        assert "mergepoint" not in visitor.cookies
    visitor.cookies["mergepoint"] = "ms_dead"
    assert visitor.get("/auth/login", Accept="text/html").status == 200
    assert "mergepoint" not in visitor.cookies


def test_verify_is_for_nginx_alone(place: Place, admin: Visitor) -> None:
    headers = {"Mergepoint-Policy": "optional", "Mergepoint-Audience": "wiki", "Mergepoint-Private": "1"}
    for target in ("/auth/verify", "/auth/%76erify", "/auth/verify/", "/auth/./verify", "/_verify"):
        reply = admin.request("GET", target, headers=headers)
        assert reply.status == 404
        assert "Mergepoint-Identity" not in reply.headers
