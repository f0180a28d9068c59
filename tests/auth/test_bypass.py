"""No way around the gate: spellings of paths, methods, headers that claim to be somebody, answers meant for another."""

import base64
import contextlib
import itertools
import json
import re
import socket
import time
from urllib.parse import unquote

import pytest

from tests.auth.place import POLICIES, Place, Visitor, header
from tests.auth.raw import get, status

# Where {} stands for the protected name: wiki (user) or backstage (admin). *open*, of the same application, is public.
SPELLINGS = [
    "/{}/page", "//{}/page", "///{}/page", "/./{}/page", "/open/../{}/page", "/open/..//{}/page",
    "/open/./../{}/page", "/%2e/{}/page", "/open/%2e%2e/{}/page", "/open/%2E%2E/{}/page", "/open/.%2e/{}/page",
    "/open/%2e./{}/page", "/open%2f../{}/page", "/open/..%2f{}/page", "/open/..%2F{}/page", "/open%2f..%2f{}%2fpage",
    "/{}%2fpage", "/{}%2Fpage", "/%2f{}/page", "/open/..%5c{}/page", "/open\\..\\{}\\page", "/open/..;/{}/page",
    "/open;/../{}/page", "/{};/page", "/{};x=1/page", "/;/{}/page", "/open/;/../{}/page", "/{}#/page",
    "/open#/../{}/page", "/{}%00/page", "/open%00/../{}/page", "/open/%252e%252e/{}/page", "/open/..%252f{}/page",
    "/%25{hex}/page", "/open/%c0%ae%c0%ae/{}/page", "/open/..%c0%af{}/page", "/open/%e0%80%ae%e0%80%ae/{}/page",
    "/open/%uff0e%uff0e/{}/page", "/{upper}/page", "/{escaped}/page", "/{}/../{}/page", "http://127.0.0.1/{}/page",
    "http://evil.example/{}/page", "/open/..%09/{}/page", "/{}/page?x=/open/", "/open/?x=/../{}/page",
    "/open/\t../{}/page", "/open/%0d%0a../{}/page", "*", "{}/page", "/open/..%ef%bc%8f{}/page",
    "/open/\u2025/{}/page",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "get", "X"]


def spelled(pattern: str, name: str) -> str:
    escaped = "".join(f"%{ord(letter):02x}" for letter in name)
    hex = f"{ord(name[0]):02x}{name[1:]}"
    return (
        pattern.replace("{hex}", hex).replace("{upper}", name.upper()).replace("{escaped}", escaped).replace("{}", name)
    )


def readings(target: str) -> set[str]:
    """The paths that some application or other would take *target* for."""
    path = re.sub(r"^https?://[^/]*", "", target).partition("?")[0]
    found = {path}
    for change in (
        unquote,
        unquote,
        lambda text: text.replace("\\", "/"),
        lambda text: re.sub(r";[^/]*", "", text),
        lambda text: text.partition("#")[0],
        lambda text: text.partition("\0")[0],
        lambda text: re.sub(r"/+", "/", text),
        lambda text: text.replace("\uff0f", "/").replace("\u2025", ".."),
        str.lower,
    ):
        found |= {change(one) for one in found}
    return {resolved(one) for one in found} | found


def resolved(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def test_there_are_more_than_forty_spellings() -> None:
    assert len(set(SPELLINGS)) >= 44
    assert "/wiki/page" in readings("/open/..%2fwiki/page")


def raw(place: Place, method: str, target: str) -> int:
    """Send a request line as it is; return the status, 0 if the connection was closed."""
    with socket.create_connection(("127.0.0.1", place.port), timeout=10) as connection:
        line = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(line.encode())
        received = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                received += chunk
    found = re.match(rb"HTTP/1\.. (\d+)", received)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("name", ["wiki", "backstage"])
def test_no_spelling_and_no_method_passes_without_a_login(place: Place, name: str) -> None:
    place.application.seen.clear()
    statuses = set()
    for pattern, method in itertools.product(SPELLINGS, METHODS):
        statuses.add(raw(place, method, spelled(pattern, name)))
    for seen in place.application.seen:
        assert not any(one.startswith(f"/{name}") for one in readings(seen["target"])), seen["target"]
    assert statuses & {500, 502, 504} == set()


def test_a_path_without_its_slash_leads_to_this_site_whatever_the_host(place: Place) -> None:
    with socket.create_connection(("127.0.0.1", place.port), timeout=10) as connection:
        connection.sendall(b"GET /wiki HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        said = connection.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 301")
    assert b"\r\nLocation: /wiki/\r\n" in said


def test_a_plain_path_arrives_as_it_was_sent(place: Place) -> None:
    ada = place.user("plain")
    for target in (
        "/wiki/",
        "/wiki/a%20b/c",
        "/wiki/caf%C3%A9?x=%2f..%2f&y=//",
        "/wiki/a.b/..c/d..",
        "/wiki/a+b,c:d@e",
    ):
        assert ada.get(target).json["target"] == target


LIES = [
    "Mergepoint-Identity", "mergepoint-identity", "MERGEPOINT-IDENTITY", "Mergepoint_Identity", "Mergepoint.Identity",
    "X-Auth-User", "X_Auth_User", "x-auth-user", "Remote-User", "Remote_User", "REMOTE_USER", "X-Remote-User",
    "X-Forwarded-User", "X-Forwarded-Email", "X-User", "X-WebAuth-User", "X-Authenticated-User", "X-Auth-Request-User",
    "Script-Name", "SCRIPT_NAME", "X-Forwarded-Prefix", "Forwarded", "Mergepoint-Policy", "Mergepoint-Audience",
]  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
def test_nobody_is_believed_to_be_who_they_say(place: Place, name: str) -> None:
    """In every location, with every header that some framework or other believes."""
    visitor = place.logged_in()
    lies = dict.fromkeys(LIES, "root")
    reply = visitor.request("GET", f"/{name}/", headers=lies)
    assert reply.status == 200
    told = [value for _, value in reply.json["headers"]]
    assert "root" not in told
    real = header(reply, "Mergepoint-Identity")
    assert len(real) == (0 if name == "open" else 1)


def test_a_client_does_not_choose_its_address(place: Place) -> None:
    reply = place.visitor().request("GET", "/open/", headers={"X-Real-IP": "1.2.3.4", "X-Forwarded-For": "1.2.3.4"})
    assert header(reply, "X-Real-IP") == header(reply, "X-Forwarded-For") == ["127.0.0.1"]


def test_the_application_gets_no_session_and_no_key(place: Place) -> None:
    visitor = place.user("carol")
    visitor.cookies |= {"theirs": "1"}
    cookie = "a=1; " + "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()) + "; b=2"
    reply = visitor.request("GET", "/wiki/", headers={"Cookie": cookie})
    assert header(reply, "Cookie") == ["a=1; theirs=1; b=2"]
    key = visitor.post("/auth/keys", {"name": "x", "scopes": ["wiki"]}).json["secret"]
    reply = place.request("GET", "/wiki/", None, {"Authorization": f"Bearer {key}"})
    assert reply.status == 200
    assert header(reply, "Authorization") == []
    reply = place.request("GET", "/open/", None, {"Authorization": "Basic dTpw"})
    assert header(reply, "Authorization") == ["Basic dTpw"]


def test_one_users_answer_never_reaches_another(place: Place) -> None:
    visitors = {name: place.user(name) for name in ("mia", "noa")}
    names = []
    for _ in range(5):
        for name, visitor in visitors.items():
            for service in ("wiki", "other", "maybe"):
                [token] = header(visitor.get(f"/{service}/"), "Mergepoint-Identity")
                claims = claimed(token)
                names.append((claims["name"], claims["aud"]) == (name, service))
        assert header(place.visitor().get("/maybe/"), "Mergepoint-Identity") == []
    assert all(names)


def test_two_cookies_of_one_name_are_one_credential(place: Place) -> None:
    mia, noa = place.user("mia2"), place.user("noa2")
    both = f"mergepoint={mia.token}; mergepoint={noa.token}"
    other = f"mergepoint={noa.token}; mergepoint={mia.token}"
    for _ in range(3):
        found = [
            claimed(header(place.request("GET", "/wiki/", None, {"Cookie": cookie}), "Mergepoint-Identity")[0])["name"]
            for cookie in (both, other)
        ]
        assert found == ["mia2", "noa2"]


def test_decisions_are_kept_within_the_second_and_not_longer(place: Place) -> None:
    visitor = place.user("olga")
    while time.time() % 1 > 0.2:
        time.sleep(0.01)
    before, began = asked(place), int(time.time())
    for _ in range(10):
        visitor.get("/wiki/")
    assert asked(place) - before <= 2 + int(time.time()) - began  # one a second, however long ten of them take
    time.sleep(1)
    visitor.get("/wiki/")
    assert asked(place) - before >= 2


def asked(place: Place) -> float:
    """How often /auth/verify was asked."""
    lines = place.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if 'requests_total{endpoint="verify"' in line)


def test_a_key_with_a_rate_is_counted_each_time_and_told_when_to_come_back(place: Place) -> None:
    visitor = place.user("paul")
    key = visitor.post("/auth/keys", {"name": "x", "scopes": ["wiki"], "rate": 60}).json["secret"]
    began, passed = time.monotonic(), 0
    while (refused := place.request("GET", "/wiki/", None, {"Authorization": f"Bearer {key}"})).status == 200:
        passed += 1
        assert passed <= 8 + time.monotonic() - began  # one more a second
    assert passed >= 6
    assert refused.status == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 2


@pytest.mark.parametrize("bearer", ["x", "mp_" + "a" * 36, "ms_dead", "", "a b", "é", "\x01", "x" * 7000])
def test_a_bad_bearer_token_is_401_wherever_not_public(place: Place, bearer: str) -> None:
    for name, policy in POLICIES.items():
        reply = place.request("GET", f"/{name}/", None, {"Authorization": f"Bearer {bearer}"})
        assert reply.status == (200 if policy == "public" else 401), name


@pytest.mark.parametrize(
    "cookie", ["x", "ms_", "é", "a" * 4000, "ms_" + "a" * 43, '"', "ms_\x01", "%00", "ms_a; mergepoint=b"]
)
def test_a_bad_cookie_counts_as_none(place: Place, cookie: str) -> None:
    for name, policy in POLICIES.items():
        reply = place.request("GET", f"/{name}/", None, {"Cookie": f"mergepoint={cookie}"})
        assert reply.status == (200 if policy in ("public", "optional") else 401), name
    login = place.request("GET", "/auth/login", None, {"Cookie": f"mergepoint={cookie}", "Accept": "text/html"})
    assert login.status == 200
    assert "mergepoint=;" in str(login.headers.get_all("Set-Cookie"))


@pytest.mark.parametrize(
    "cookie", ["mergepoint=!", "mergepoint", "MergePoint=!", "__Host-mergepoint=x", "mergepoint-form=!"]
)
@pytest.mark.parametrize("path", ["/wiki/", "/maybe/", "/auth/login", "/auth/me"])
def test_any_number_of_bad_cookies_keeps_nobody_out(place: Place, cookie: str, path: str) -> None:
    many = "; ".join([cookie] * (8100 // (len(cookie) + 2)))
    reply = place.request("GET", path, None, {"Cookie": many})
    assert reply.status == (401 if path == "/wiki/" else 200)


@pytest.mark.parametrize("path", ["/wiki/", "/maybe/", "/auth/me"])
def test_no_length_of_our_cookies_keeps_anybody_out(place: Place, path: str) -> None:
    """Several lines hold more together than the one line may that asks about them."""
    ada, long = place.logged_in(), "x" * 120
    flows = ["; ".join(f"mergepoint-oidc-{line:03}{number:019}={long}" for number in range(50)) for line in range(3)]
    for lines in (flows, [f"mergepoint-form={'x' * 7900}", *flows], [f"__Host-mergepoint={'x' * 7900}", *flows]):
        cookies = [f"Cookie: {line}" for line in (f"mergepoint={ada.token}", *lines)]
        assert status(get(place, path, *cookies)) == 200


def test_a_revoked_key_and_a_disabled_user_are_out_within_a_second(place: Place) -> None:
    visitor, admin = place.user("quinn"), place.logged_in()
    made = visitor.post("/auth/keys", {"name": "x", "scopes": ["wiki"]}).json
    authorization = {"Authorization": f"Bearer {made['secret']}"}
    assert place.request("GET", "/wiki/", None, authorization).status == 200
    assert visitor.post(f"/auth/keys/{made['key']['id']}", method="DELETE").status == 200
    time.sleep(1)
    assert place.request("GET", "/wiki/", None, authorization).status == 401
    [quinn] = [user for user in admin.get("/auth/users").json["users"] if user["name"] == "quinn"]
    assert visitor.get("/wiki/").status == 200
    assert admin.post(f"/auth/users/{quinn['id']}", {"disabled": True}, method="PATCH").status == 200
    time.sleep(1)
    assert visitor.get("/wiki/").status == 401


def claimed(token: str) -> dict[str, str]:
    body = token.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


@pytest.fixture
def stopped(place: Place, ada_here: Visitor) -> object:
    place.stop_auth()
    yield place
    place.start_auth()


@pytest.fixture
def ada_here(place: Place) -> Visitor:
    return place.logged_in()


def test_when_auth_is_down_nobody_passes_and_public_stays_open(stopped: Place, ada_here: Visitor) -> None:
    time.sleep(1)
    for name, policy in POLICIES.items():
        reply = ada_here.get(f"/{name}/")
        if policy == "public":
            assert reply.status == 200
            continue
        assert reply.status == 503, name
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.headers["Retry-After"]
    assert ada_here.get("/auth/me").status == 503
