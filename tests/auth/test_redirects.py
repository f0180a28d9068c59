"""Where a browser is sent after logging in: a path of this site. Several hundred spellings lead nowhere else."""

import itertools
import re
from urllib.parse import quote, urljoin, urlsplit

import pytest

from mergepoint.auth.sessions.redirects import HOME, PLAIN, RAW, local
from tests.auth.visitors import PASSWORD, Browser, make
from tests.servers import ROOT

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
    "/search?q=a+b%26c&next=//x", "/wiki/..page", "/wiki/page..", "/wiki/a,b", "/?x=1", "/" + "a" * 3000,
    "/wiki/User:Ann", "/wiki/Python_(language)", "/wiki/O'Brien", "/wiki/100%25", "/wiki/email%40example.com",
    "/wiki/?q[title]=x", "/wiki/?u=https://e.com/a?b=1", "/wiki/?x=a|b", "/wiki/%ff", "/wiki/C%23", "/wiki/what%3F",
    "/wiki/?x=\\y", '/wiki/{a}"<b>^`|', "/raw/group%2Fname", "/raw//x", "/raw/a;b=1", "/raw/%e2%80%a6/x",
]  # fmt: skip


def test_there_are_several_hundred() -> None:
    assert len(set(SPELLINGS)) > 500


def test_none_of_them_leaves_the_site() -> None:
    """What is accepted is a path that begins with one slash and a name, so no reader takes it for a host."""
    accepted = [spelling for spelling in SPELLINGS if local(spelling) == spelling]
    assert len(accepted) < len(SPELLINGS) / 10
    for target in accepted:
        assert re.match(r"/[\w.~%@:-][^\\\s]*\Z", target, re.ASCII), target
        assert urlsplit(urljoin(SITE, target))[:2] == urlsplit(SITE)[:2], target
    others = [local(spelling) for spelling in SPELLINGS if spelling not in accepted]
    assert set(others) == {HOME}


def test_nginx_and_auth_have_one_definition_of_an_address() -> None:
    text = (ROOT / "nginx/snippets/parts/strict_path.conf").read_text()
    assert f'"{PLAIN.pattern}"' in text
    assert f'"^\\Z|{RAW.pattern}"' in text


@pytest.mark.parametrize("path", GOOD)
def test_paths_of_this_site_are(path: str) -> None:
    assert local(path) == path
    assert urlsplit(urljoin(SITE, path)).netloc == "localhost:8080"


@pytest.mark.parametrize("nothing", [None, "", "x" * 10, "wiki", "/" + "a" * 8170, "~" + "a" * 22])
def test_what_is_no_path_leads_home(nothing: str | None) -> None:
    assert local(nothing) == HOME


@pytest.mark.parametrize("target", [spelling for spelling in SPELLINGS if local(spelling) == HOME][::40])
def test_logging_in_leads_home_then(auth, browser: Browser, target: str) -> None:  # type: ignore[no-untyped-def]
    make(auth)
    page = browser.get(f"/auth/login?next={quote(target, safe='')}")
    assert f'name="next" value="{HOME}"' in page.text
    reply = browser.submit("/auth/login", login="ada", password=PASSWORD, next=target)
    assert reply.headers["Location"] == HOME
