"""Of what a client says an application behind auth gets what is on the list, as it was said, and nothing else."""

import contextlib
import http.client
import itertools
import re

import pytest

from tests.auth.applications.verbatim import VerbatimPlace
from tests.auth.claims import NAMES, SAID_BY_US, spellings
from tests.auth.raw import get, status
from tests.servers import ROOT

SNIPPET = (ROOT / "nginx/snippets/parts/application_request.conf").read_text()
PASSED = re.findall(r"^proxy_set_header (\S+) +\$(?:http_|content_type)", SNIPPET, re.MULTILINE)
README = (ROOT / "nginx/applications/README.md").read_text()

# One of each family that the web, its tools and its webhooks need; PASSED has all.
NEEDED = re.findall(
    r"\S+",
    """
Accept Accept-Encoding Accept-Language User-Agent Referer Content-Type Content-Encoding Content-Disposition
Content-Range Range If-Range If-Match If-None-Match If-Modified-Since Cache-Control Origin
Access-Control-Request-Method Access-Control-Request-Headers Sec-WebSocket-Key Sec-WebSocket-Version
Sec-WebSocket-Protocol Sec-WebSocket-Extensions traceparent tracestate baggage b3 X-B3-TraceId Sec-Fetch-Site
Sec-Fetch-Mode Sec-Fetch-Dest Sec-Fetch-User Sec-CH-UA Sec-CH-UA-Platform Sec-CH-Prefers-Color-Scheme
Last-Event-ID Prefer Idempotency-Key X-Requested-With X-CSRF-Token X-CSRFToken X-XSRF-TOKEN HX-Request
HX-Target HX-Current-URL Turbo-Frame X-Inertia X-Inertia-Version X-Inertia-Partial-Data Depth Destination If
Lock-Token Overwrite Timeout Tus-Resumable Upload-Length Upload-Offset Upload-Metadata X-Grpc-Web X-User-Agent
Git-Protocol X-Hub-Signature-256 X-GitHub-Event X-GitHub-Delivery X-Gitlab-Token X-Gitlab-Event
X-Gitea-Signature X-Event-Key X-Hook-UUID Stripe-Signature X-Slack-Signature X-Slack-Request-Timestamp
X-Twilio-Signature X-Shopify-Hmac-Sha256 X-Shopify-Topic X-Twilio-Email-Event-Webhook-Signature Webhook-Id
Webhook-Timestamp Webhook-Signature Svix-Id Svix-Signature ce-id ce-source ce-specversion ce-type ce-time
X-Amz-Sns-Message-Type X-Amz-Sns-Topic-Arn
""",
)


def batches(names: list[str]) -> list[list[str]]:
    return [names[start : start + 60] for start in range(0, len(names), 60)]


@pytest.fixture(autouse=True)
def _says_something(verbatim: VerbatimPlace) -> None:
    verbatim.verbatim.say()


@pytest.mark.parametrize("path", ["/said/x", "/known/x", "/more/x"])
def test_no_header_that_claims_to_be_somebody_arrives(verbatim: VerbatimPlace, path: str) -> None:
    assert len(NAMES) > 600
    for batch in batches(list(itertools.chain.from_iterable(spellings(name) for name in NAMES + SAID_BY_US))):
        assert status(get(verbatim, path, *(f"{name}: root-in-disguise" for name in batch))) == 200
        assert b"root-in-disguise" not in verbatim.verbatim.seen[-1]


def test_no_name_on_the_list_claims_to_be_somebody() -> None:
    assert {name.lower() for name in PASSED}.isdisjoint(name.lower() for name in NAMES + SAID_BY_US)


def test_every_family_that_is_needed_is_on_the_list() -> None:
    assert {name.lower() for name in NEEDED} <= {name.lower() for name in PASSED}


def test_the_readme_has_the_list() -> None:
    rows = re.findall(r"^\| [^|]+ \| ((?:`[\w-]+`(?:, )?)+) \|$", README, re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`([\w-]+)`", row)] == PASSED


def test_what_is_on_the_list_arrives_as_it_was_said(verbatim: VerbatimPlace) -> None:
    for batch in batches(PASSED):
        said = {name: f'{name}; "a, b"=\xe9/?&%20 {{}}' for name in batch}
        assert status(get(verbatim, "/said/x", *(f"{name}: {value}" for name, value in said.items()))) == 200
        for name, value in said.items():
            assert verbatim.verbatim.values(name) == [value]


def test_other_names_are_dropped(verbatim: VerbatimPlace) -> None:
    get(
        verbatim, "/said/x", "X-Custom: a", "Other-Name: b", "X-HTTP-Method-Override: DELETE", "Via: 1.1 x", "Accept: c"
    )
    names = {name for name, _ in verbatim.verbatim.headers()}
    forwarded = {"host", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id"}
    assert names == forwarded | {"accept"}


def test_a_line_in_a_location_adds_a_name_there(verbatim: VerbatimPlace) -> None:
    get(verbatim, "/more/x", "X-Custom: a", "Other-Name: b", "X-Another: c")
    assert verbatim.verbatim.values("X-Custom") == ["a"]
    assert verbatim.verbatim.values("Other-Name") == ["b"]
    assert verbatim.verbatim.values("X-Another") == []


# nginx itself refuses these when they are said twice, as 400.
SINGLE = {"Content-Range", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since"}


def test_a_header_that_is_said_several_times_arrives_whole(verbatim: VerbatimPlace) -> None:
    """Joined or several times, in order: RFC 9110, 5.3."""
    for batch in batches([name for name in PASSED if name not in SINGLE]):
        lines = [
            f"{spelling}: {number}"
            for number in (1, 2, 3)
            for name in batch
            for spelling in [name.swapcase(), name][:1]
        ]
        assert status(get(verbatim, "/said/x", *lines[: 2 * len(batch)], *(f"{name}: 3" for name in batch))) == 200
        for name in batch:
            assert ", ".join(verbatim.verbatim.values(name)) == "1, 2, 3", name


def test_so_does_one_that_a_line_adds(verbatim: VerbatimPlace) -> None:
    lines = ["X-Custom: a", "x-custom: b", "Other-Name: c", "X-Another: d", "X-Another: e", "Other-Name: \xe9"]
    get(verbatim, "/more/x", *lines)
    assert ", ".join(verbatim.verbatim.values("X-Custom")) == "a, b"
    assert ", ".join(verbatim.verbatim.values("Other-Name")) == "c, \xe9"
    get(verbatim, "/said/x", *lines)
    assert not {"x-custom", "other-name", "x-another"} & {name for name, _ in verbatim.verbatim.headers()}


def test_what_is_said_several_times_smuggles_nothing(verbatim: VerbatimPlace) -> None:
    twice = ["Remote-User: root", "Mergepoint-Identity: root", "X-Forwarded-For: root", "constructor: root"]
    lines = [*twice, *twice, "X-Request-Id: one", "X-Request-Id: root two", "Accept: a", "Accept: b\x01root"]
    assert status(get(verbatim, "/known/x", *lines)) == 200
    assert b"root" not in verbatim.verbatim.seen[-1]
    assert verbatim.verbatim.values("X-Forwarded-For") == ["127.0.0.1"]
    assert verbatim.verbatim.values("X-Request-Id") == ["one"]


def test_cookies_of_several_lines_arrive(verbatim: VerbatimPlace) -> None:
    get(verbatim, "/known/x", "Cookie: a=1", "Cookie: mergepoint=ms_x; b=2")
    assert "; ".join(verbatim.verbatim.values("Cookie")) == "a=1; b=2"


@pytest.mark.parametrize(
    ("host", "source", "said", "told"),
    [
        ("shop.example", "127.0.0.1", None, "https"),
        ("SHOP.example:443", "127.0.0.1", None, "https"),
        ("shop.example", "127.0.0.1", "http", "https"),
        ("shop.example:8080", "127.0.0.1", None, "http"),
        ("other.example", "127.0.0.1", None, "http"),
        ("other.example", "127.0.0.1", "https", "http"),
        ("shop.example.evil.example", "127.0.0.1", None, "http"),
        ("shopxexample", "127.0.0.1", None, "http"),
        ("other.example", "127.0.0.9", "https", "https"),
        ("other.example", "127.0.0.9", "HTTPS", "https"),
        ("other.example", "127.0.0.9", "wss", "https"),
        ("other.example", "127.0.0.9", "https, https", "https"),
        ("other.example", "127.0.0.9", "https, http", "http"),
        ("shop.example", "127.0.0.9", "http", "http"),
        ("shop.example", "127.0.0.9", "https, http", "https"),
        ("shop.example", "127.0.0.9", "javascript", "https"),
        ("shop.example", "127.0.0.9", None, "https"),
    ],
)
def test_the_scheme_is_a_trusted_proxys_word_or_that_of_the_public_address(
    shop: VerbatimPlace, host: str, source: str, said: str | None, told: str
) -> None:
    shop.verbatim.say()
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request("GET", "/said/x", headers={"Host": host} | ({"X-Forwarded-Proto": said} if said else {}))
        assert connection.getresponse().status == 200
    assert shop.verbatim.values("X-Forwarded-Proto") == [told]
    assert shop.verbatim.values("Host") == shop.verbatim.values("X-Forwarded-Host") == [host]
