"""What a job may be: paths, headers, when and how often, and how long its caller waits."""

import re

import pytest

from mergepoint.jobs import errors
from mergepoint.jobs.errors import Invalid
from mergepoint.jobs.identities import network_of
from mergepoint.jobs.requests.headers import check_headers
from mergepoint.jobs.requests.paths import PLAIN, service_of
from mergepoint.jobs.requests.preferences import LONGEST_WAIT, preferences, wait_of
from mergepoint.jobs.requests.terms import attempts_of, deadline_of, key_of, time_of
from mergepoint.jobs.statuses import STATUS
from tests.jobs.queues import request
from tests.servers import ROOT

SERVICES = frozenset({"highlight", "thumbnail"})
NOW = 1_800_000_000.0


def test_paths_are_read_as_nginx_reads_them() -> None:
    rules = (ROOT / "nginx/snippets/parts/strict_path.conf").read_text()
    assert PLAIN.pattern in re.findall(r'\$request_uri !~ "(.*)"\)', rules)


@pytest.mark.parametrize(
    "path", ["/highlight", "/highlight?a=//b;c", "/thumbnail/a%20b/c", "/highlight/", "/highlight?%00"]
)
def test_a_path_of_a_service_may_be_a_jobs(path: str) -> None:
    assert service_of(path, SERVICES) == path[1:10]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "highlight",
        "http://x/highlight",
        "//host/highlight",
        "/_verify",
        "/jobs",
        "/jobs/x",
        "/auth/login",
        "/",
        "/highlight/../auth",
        "/highlight/%2e%2e/auth",
        "/highlight/.%2E",
        "/highlight;x",
        "/highlight%2Fa",
        "/highlight//a",
        "/highlight\r\nX: y",
        "/highlight a",
        "/highlight#a",
        "/highlight\\a",
        "/highlight/%00",
        "/highlight/%252e%252e",
        "/highlight/é",
        "/Highlight",
        "/highlights",
        "/highlight%0a",
        "/highlight/%",
        "/highlight?é",
        "/highlight?\x7f",
        "/health",
        "/%68ighlight",
        "/highlight?" + "a" * 8001,
        "/highlight\n",
    ],
)
def test_any_other_path_is_refused_by_the_name_of_its_field(path: str) -> None:
    with pytest.raises(Invalid) as caught:
        service_of(path, SERVICES)
    assert caught.value.field == "path"


def test_headers_have_one_spelling_and_order() -> None:
    assert list(check_headers([("content-type", " a/b "), ("ACCEPT", "c")]).items()) == [
        ("Accept", "c"),
        ("Content-Type", "a/b"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("Cookie", "a", "headers.Cookie"),
        ("Authorization", "a", "headers.Authorization"),
        ("X\r\nY", "a", "headers.X??Y"),
        ("Accept", "a\r\nX: y", "headers.Accept"),
        ("accept", "é", "headers.Accept"),
        ("Accept", "a" * 1001, "headers.Accept"),
        ("Mergepoint-Grant", "a", "headers.Mergepoint-Grant"),
        ("Host", "a", "headers.Host"),
    ],
)
def test_a_header_that_may_not_be_is_named(name: str, value: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_headers([(name, value)])
    assert caught.value.field == field


def test_times_are_rfc_3339() -> None:
    assert time_of("2027-01-15T08:00:00Z", NOW) == time_of("2027-01-15t10:00:00.000+02:00", NOW) == NOW
    assert time_of("2027-01-15T08:00:00.5Z", NOW) == NOW + 0.5
    assert time_of("2027-01-15T08:00:00.500000000000000001Z", NOW) == NOW + 0.5  # any number of digits


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tomorrow",
        "2027-01-15",
        "2027-01-15T08:00:00",
        "2027-02-30T00:00:00Z",
        "2027-01-15T07:59:00Z",
        "2020-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2028-06-01T00:00:00Z",
        "2027-01-15T25:00:00Z",
        "1800000060",
        "２027-01-15T08:00:00Z",
    ],
)
def test_past_and_impossible_times_are_refused(value: str) -> None:
    with pytest.raises(Invalid) as caught:
        time_of(value, NOW)
    assert caught.value.field == "at"


@pytest.mark.parametrize(
    "value", ["0", "-1", "1e9", "3601", "", "nan", "inf", 0, -5, 3601, 1e9, float("nan"), float("inf"), "٣"]
)
def test_deadlines_and_attempts_have_bounds(value: str | float) -> None:
    for read in (deadline_of, attempts_of):
        with pytest.raises(Invalid):
            read(value)
    with pytest.raises(Invalid):
        attempts_of("2.5")
    assert (deadline_of("1.5"), deadline_of(3600), attempts_of("20"), attempts_of(1.0)) == (1.5, 3600, 20, 1)


def test_a_key_without_a_login_is_as_long_as_a_secret() -> None:
    assert key_of("short", is_anonymous=False) == key_of('"short"', is_anonymous=False)
    assert key_of("x" * 22, is_anonymous=True)
    for value, anonymous in (("x" * 21, True), (f'"{"x" * 21}"', True), ("", False), ("x" * 256, False), ("é", False)):
        with pytest.raises(Invalid):
            key_of(value, is_anonymous=anonymous)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("respond-async", None),
        ("respond-async, wait=5", 5),
        ("WAIT = 7 , respond-async", 7),
        ('wait="9"', 9),
        ("wait=1, wait=2", 1),
        ('x="wait=3, wait=4"; y=5', None),
        ('x="a\\"b", wait=6', 6),
        ("respond-async; wait=5", None),
        (",, ,wait=8", 8),
        ("wait=999999999", LONGEST_WAIT),
        ("wait=0", 0),
        ("", None),
        ("=,wait=2", 2),
        ('"wait=1', None),
    ],
)
def test_prefer_is_a_list(header: str, wait: int | None) -> None:
    assert wait_of(header) == wait


@pytest.mark.parametrize("header", ["wait=-1", "wait=x", "wait", "wait=", "wait=1.5", "wait=9999999999"])
def test_a_wait_that_is_no_number_is_refused(header: str) -> None:
    with pytest.raises(Invalid) as caught:
        wait_of(f"respond-async, {header}")
    assert caught.value.field == "Prefer"


def test_the_readme_names_every_code() -> None:
    readme = (ROOT / "services/jobs/README.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.JobsError)]
    internal = {"refused", "lease_lost"}  # of the base class, and told to workers alone
    codes = {kind.__dict__["code"] for kind in kinds if "code" in kind.__dict__} - internal
    assert [code for code in {*codes, *STATUS} if f"`{code}`" not in readme] == []


def test_preferences_have_no_case() -> None:
    assert "respond-async" in preferences("a=b;c, Respond-Async;x=y")


def test_requests_differ_by_each_of_their_parts() -> None:
    changes: list[dict[str, object]] = [
        {},
        {"method": "QUERY"},
        {"target": "/highlight?"},
        {"body": b"xx"},
        {"headers": {"Accept": "a"}},
        {"headers": {"Accept": "ab"}},
        {"target": "/highlight?x", "body": b""},
    ]
    assert len({request(**change).fingerprint for change in changes}) == len(changes)
    assert request(at=5.0, attempts=2).fingerprint == request().fingerprint


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("", "unknown"),
        ("nonsense", "unknown"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_anonymous_asker_is_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
