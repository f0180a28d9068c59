"""Coming back after a login: whatever nginx lets pass, byte for byte, by every way to log in; and nothing else."""

import html
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mergepoint.auth.sessions.redirects import HOME, LONGEST, local
from tests.auth.place import Place, Visitor, header
from tests.auth.raw import exchange, status
from tests.auth.test_factors import Authenticator
from tests.auth.visitors import Clock
from tests.fuzzing import fuzz

RAW = """location ^~ /lab/ {
    set $service    lab;
    set $policy     user;
    set $raw_prefix /lab/;
    include snippets/policies/auth.conf;
    include snippets/policies/identity.conf;
    proxy_pass http://application;
}
"""
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def site(nginx_present: None) -> Iterator[Place]:
    """With a location that takes raw paths, beside the plain ones."""
    place = Place(applications={"lab.conf": RAW}, AUTH_REGISTRATION="open").start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def ada(site: Place) -> Visitor:
    return site.user("ada")


class Answer:
    """An answer in bytes: its status, its Location, its body."""

    def __init__(self, received: bytes) -> None:
        head, _, self.body = received.partition(b"\r\n\r\n")
        found = re.search(rb"\r\nlocation: ([^\r]*)", head, re.IGNORECASE)
        self.status, self.location = status(received), found[1].decode("latin-1") if found else None


def get(place: Place, target: str, visitor: Visitor | None = None, method: str = "GET") -> Answer:
    cookie = [f"Cookie: mergepoint={visitor.token}"] if visitor else []
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", "Accept: text/html", *cookie]
    return Answer(exchange(place, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"))


def passes(place: Place, target: str, ada: Visitor) -> bool:
    """Whether the application is given *target*, as it is, when ada is logged in."""
    place.application.seen.clear()
    answer = get(place, target, ada)
    seen = [one["target"] for one in place.application.seen]
    assert seen in ([], [target])
    if not seen:  # refused, or another path: the front page
        assert answer.status in (400, 404) or b"<title>Mergepoint" in answer.body, (target, answer.status)
    return bool(seen)


def check(place: Place, ada: Visitor, target: str) -> bool:
    """Check the rule for one address; return whether it passes."""
    sent_to_login = get(place, target)
    if not passes(place, target, ada):
        assert sent_to_login.location is None, target
        return False
    assert sent_to_login.status == 303, target
    assert get(place, str(sent_to_login.location), ada).location == target
    return True


# Of plain paths and of raw ones, harmless and nasty, in the path and in the query.
PIECES = [
    *"aZ09-._~!$'()*+,;=:@/?#[]{}|^`\"<>%\\&",
    "//", "/./", "/../", "/..", "..;/", "..", "%2e", "%2E%2e", ".%2e", "%2f", "%2F..%2F", "%5c", "%3b", "%3F", "%23",
    "%00", "%0a", "%0d%0a", "%7f", "%20", "%25", "%2541", "%252e", "%25%32%65", "%25%34%31", "%41", "%40", "%ff",
    "%c0%ae", "%e0%80%ae", "%f0%80%80%ae", "%E2%80%A6", "%e2%80%a5", "%EF%BC%8F", "%ef%bc%8e", "%ef%b9%92",
    "%C3%A9", "%e4%b8%ad", "%", "%2", "%zz", "https://e.com/a?b=1", "q[title]=x", "/wiki/", "/lab/",
]  # fmt: skip
REST = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@fuzz(3000)
@given(rest=REST)
@example(rest="User:Ann")
@example(rest="Python_(language)")
@example(rest="O'Brien")
@example(rest="100%25")
@example(rest="email%40example.com")
@example(rest="?u=https://e.com/a?b=1")
@example(rest="?x=a|b&y=%26&z=+%2B")
@example(rest="?x='\"<>`{}[]^\\")
def test_what_passes_a_plain_location_comes_back_and_nothing_else(site: Place, ada: Visitor, rest: str) -> None:
    target = f"/wiki/{rest}"
    if not check(site, ada, target) and "#" not in target and not local(target).startswith("/wiki/"):
        page = get(site, f"/auth/login?next={quote(target, safe='')}", ada)
        assert page.location == HOME


@fuzz(3000)
@given(rest=REST)
@example(rest="group%2Fname/-/tree//main;x=1?y=%2F")
@example(rest="api/queues/%2F/a;b")
@example(rest="%E2%80%A6/%e2%80%a6")
def test_what_passes_a_raw_location_comes_back(site: Place, ada: Visitor, rest: str) -> None:
    check(site, ada, f"/lab/{rest}")


@pytest.mark.parametrize(
    "rest",
    [
        "a%2Fb",
        "a//b",
        "//",
        "a;b=1/c",
        ";",
        "%3b",
        "%e2%80%a6",
        "...",
        "..a",
        "a..",
        "a%2f",
        "%2F%2f",
        "?..%2f",
        "a;..b",
    ],
)
def test_a_raw_location_takes_what_is_not_plain(site: Place, ada: Visitor, rest: str) -> None:
    assert check(site, ada, f"/lab/{rest}")


@pytest.mark.parametrize(
    "rest",
    [
        "..", ".", "a/../b", "a/./b", "a%2f..%2fb", "a/%2e%2E", ".%2e/", "..;/", "..;x=1/a", "..%3b/", "a%2F..",
        "a/..?x", "a/..;", "%2e;", "a%5cb", "a\\b", "a%00", "a%0a", "a%0d", "a%7f", "%2541", "%252e%252e/", "%25%32%65",
        "%c0%ae%c0%ae/", "%c1%9c", "%e0%80%af", "%f0%80%80%af", "%e2%80%a5/", "%e2%80%a4", "%ef%bc%8e/", "%ef%bc%8f",
        "%ef%bc%bc", "%ef%b9%92", "%ef%b9%a8", "%", "%2", "%zz", "a#b", "é",
    ],
)  # fmt: skip
def test_a_raw_location_takes_nothing_that_could_be_another_path(site: Place, ada: Visitor, rest: str) -> None:
    assert not check(site, ada, f"/lab/{rest}".encode().decode("latin-1"))


@pytest.mark.parametrize(
    "target",
    [
        "//lab/x",
        "/lab%2fx",
        "/%6cab/x",
        "/%2flab/x",
        "/./lab/x",
        "/open/..%2flab/x",
        "/open/../lab/x",
        "/lab;/x",
        "/LAB/x",
    ],
)
def test_a_raw_path_begins_with_its_own_prefix_as_written(site: Place, ada: Visitor, target: str) -> None:
    assert get(site, target, ada).status == 404


# The longest address of the wiki whose login's address fits, with signs that take three bytes there.
FULL = "/wiki/" + "a%20" * 300
FULL += "b" * (LONGEST - len("/auth/login?next=") - len(FULL) - 2 * FULL.count("%"))


def fill(page: bytes, **fields: str) -> dict[str, str]:
    """The fields of the form on a page that has *csrf*, with some filled in."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.decode())
    return {**{name: html.unescape(value) for name, value in hidden}, **fields}


def by_password(site: Place, login: str) -> str | None:
    visitor = site.visitor()
    page = visitor.get(login, Accept="text/html")
    return visitor.request("POST", login, form=fill(page.body, login="ada", password=PASSWORD)).headers["Location"]


def by_second_factor(site: Place, login: str) -> str | None:
    name = f"sam{len(login)}"
    codes = second_factor(site.user(name))
    visitor = site.visitor()
    page = visitor.get(login, Accept="text/html")
    sent = visitor.request("POST", login, form=fill(page.body, login=name, password=PASSWORD))
    page = visitor.get(sent.headers["Location"], Accept="text/html")
    fields = fill(page.body, code=codes[0])
    return visitor.request("POST", "/auth/second-factor/check", form=fields).headers["Location"]


def second_factor(visitor: Visitor) -> list[str]:
    """Turn codes on; return recovery codes."""
    begun = visitor.post("/auth/second-factor/totp").json
    code = Authenticator(begun["secret"], Clock(time.time())).code()
    done = visitor.post("/auth/second-factor/totp/confirm", {"setup": begun["setup"], "code": code})
    visitor.token = done.json["token"]
    return list(done.json["recovery_codes"])


def by_registering(site: Place, login: str) -> str | None:
    visitor = site.visitor()
    page = visitor.get(login, Accept="text/html")
    found = re.search(rb'href="(/auth/register[^"]*)"', page.body)
    assert found
    page = visitor.get(html.unescape(found[1].decode()), Accept="text/html")
    fields = fill(page.body, name=f"new{len(login)}", password=PASSWORD)
    return visitor.request("POST", "/auth/register", form=fields).headers["Location"]


@pytest.mark.parametrize("target", ["/wiki/O'Brien_(x)?q[a]=\"&y=%26+|", FULL, "/lab/a%2F//b;c"], ids=len)
@pytest.mark.parametrize("way", [by_password, by_second_factor, by_registering])
def test_every_way_to_log_in_leads_back(
    site: Place, ada: Visitor, target: str, way: Callable[[Place, str], str | None]
) -> None:
    sent_to_login = get(site, target).location
    assert sent_to_login
    assert way(site, sent_to_login) == target


def test_a_login_whose_address_would_not_fit_has_no_next(site: Place, ada: Visitor) -> None:
    assert len(str(get(site, FULL).location)) == LONGEST
    assert get(site, FULL, method="HEAD").location == get(site, FULL).location
    longer = get(site, FULL + "b")
    assert (longer.status, longer.location) == (303, "/auth/login")
    assert get(site, "/auth/login", ada).location == HOME


def test_only_what_a_query_must_is_escaped(site: Place) -> None:
    assert get(site, "/wiki/a:b@c/(d)!$*,~?x=1;y=/?").location == "/auth/login?next=/wiki/a:b@c/(d)!$*,~?x=1;y=/?"
    location = str(get(site, "/wiki/100%25?a=b&c='+[x]").location)
    assert location == "/auth/login?next=/wiki/100%2525?a=b%26c=%27%2B%5Bx%5D"
    assert parse_qs(urlsplit(location).query)["next"] == ["/wiki/100%25?a=b&c='+[x]"]


def test_a_page_of_ours_comes_back_as_it_was_sent(site: Place) -> None:
    page = get(site, "/auth/keys?a=%2F&b='|")
    assert page.status == 401
    assert fill(page.body)["next"] == "/auth/keys?a=%2F&b='|"


@pytest.mark.parametrize("length", [100, 2000, 8000])
def test_no_length_of_any_signs_is_too_much_for_nginx(site: Place, ada: Visitor, length: int) -> None:
    for piece in ("%C3%A9", "a/", "a", "%2f", ";", "//", ".", "a.", "%2e", "%"):
        for prefix in ("/wiki/", "/lab/", "/lab/?"):
            assert get(site, (prefix + piece * length)[: length - 100], ada).status in (200, 400, 404)


OURS = ["mergepoint", "mergepoint-form", "mergepoint-oidc", f"mergepoint-oidc-{'a' * 22}", "mergepoint-oidc-x-y"]


@pytest.mark.parametrize("prefix", ["", "__Host-", "__Secure-", "__host-"])
@pytest.mark.parametrize("path", ["/wiki/x", "/open/x", "/lab/x"])
def test_an_application_gets_none_of_our_cookies(site: Place, ada: Visitor, path: str, prefix: str) -> None:
    lies = [f"{prefix}{name.upper() if prefix == '__host-' else name}=x" for name in OURS]
    cookie = "; ".join(["a=1", *lies, "mergepointer=2", "my-mergepoint-oidc-x=3", f"mergepoint={ada.token}"])
    if path == "/open/x" or prefix:
        reply = site.request("GET", path, None, {"Cookie": cookie})
        assert header(reply, "Cookie") == ["a=1; mergepointer=2; my-mergepoint-oidc-x=3"]


def test_any_number_of_logins_elsewhere_keeps_nobody_out(site: Place, ada: Visitor) -> None:
    for value in ("x", "!", ""):
        many = "; ".join(f"mergepoint-oidc-{number:022}={value}" for number in range(180))
        assert len(many) < 8100
        reply = site.request("GET", "/auth/me", None, {"Cookie": f"mergepoint={ada.token}; {many}"})
        assert (reply.status, reply.json["user"]["name"]) == (200, "ada")
