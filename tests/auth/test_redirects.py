"""Where a browser is sent after logging in: a path of this site, or home. Several hundred other spellings lead home."""

import itertools
from urllib.parse import quote, urljoin, urlsplit

import pytest

from mergepoint.auth.redirects import HOME, local
from tests.auth.visitors import PASSWORD, Browser, make

SITE = "http://localhost:8080"
HOSTS = [
    "evil.example",
    "evil.example/x",
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "evil。example",
    "evil．example",
    "ｅvil.example",
]
BEFORE = [
    "//", "///", "////", "/\\", "\\/", "\\\\", "/\\/", "//\\", "\\", "/%09/", "/%0a/", "/%0d/", "/%00/", "/%20/",
    "/\t/", "/\n/", "/\r\n/", "/ /", "/./", "/.//", "/../", "/..//", "/..\\", "/.\\", "/%2f", "/%2F/", "/%5c",
    "/%5C/", "/%252f", "/%255c", "/%2e%2e/", "/%2e/", "/;/", "/;@", "/@", "/user@", "/user:password@", "http://",
    "https://", "HTTP://", "http:", "https:", "http:/", "http:///", "javascript:", "data:", "vbscript:", "ftp://",
    "//user@", "//user:x@", "//localhost@", "//localhost:8080@", "//localhost\\@", "http://localhost:8080@",
    "http://localhost@", ":", "://", "/\u2215", "/\u2044", "/\u29f8", "/\uff0f", "\uff0f\uff0f", "/\u3002",
    "/\u00a0/", "/\u200b/", "/\u202e", "/\ufeff/", "/%e2%88%95\\", "/%c0%af", "/%c1%9c", "/%ff/", " //", "\t//",
    "\n//", "\x00//", "\x0b//", "/ok//", "/ok/../..//", "?//\r\n", "/ok\r\nLocation: http://",
    "/ok%0d%0aLocation:%20http://", "/ok\r\nSet-Cookie: a=b//", "/ok\x00", "/ok#//", "#//",
]  # fmt: skip
SPELLINGS = [before + host for before, host in itertools.product(BEFORE, HOSTS)]
GOOD = [
    "/", "/wiki", "/wiki/", "/wiki/a%20page", "/wiki/page?x=1&y=/2", "/auth/account", "/a.b/c-d_e~f", "/caf%C3%A9",
    "/search?q=a+b%26c&next=//x", "/wiki/..page", "/wiki/page..", "/wiki/a,b", "/?x=1",
]  # fmt: skip


def test_there_are_several_hundred() -> None:
    assert len(set(SPELLINGS)) > 500


def test_none_of_them_is_accepted() -> None:
    accepted = [spelling for spelling in SPELLINGS if local(spelling) != HOME]
    assert accepted == []


@pytest.mark.parametrize("path", GOOD)
def test_paths_of_this_site_are(path: str) -> None:
    assert local(path) == path
    assert urlsplit(urljoin(SITE, path)).netloc == "localhost:8080"


@pytest.mark.parametrize("nothing", [None, "", "x" * 10, "wiki", "/" + "a" * 3000])
def test_what_is_no_path_leads_home(nothing: str | None) -> None:
    assert local(nothing) == HOME


@pytest.mark.parametrize("target", SPELLINGS[::40])
def test_logging_in_leads_home_then(auth, browser: Browser, target: str) -> None:  # type: ignore[no-untyped-def]
    make(auth)
    page = browser.get(f"/auth/login?next={quote(target, safe='')}")
    assert f'name="next" value="{HOME}"' in page.text
    reply = browser.submit("/auth/login", login="ada", password=PASSWORD, next=target)
    assert reply.headers["Location"] == HOME
