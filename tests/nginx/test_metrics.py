"""The numbers of all services at one address inside: one that says nothing readable hides no other."""

import contextlib
import http.client
import pathlib
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.nginx.gateway import SERVICES, Answer, Gateway, UnixConnection, converse, free_port
from tests.nginx.test_render import render

TEXT = """\
# a comment
# HELP tea_total Cups with \\\\ and \\n in them
# TYPE tea_total counter
tea_total{kind="gr\\"een,service=\\\\"} 2.0
tea_total{kind="",} 1e3 1700000000000
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 0.3
wait_seconds_count 2
# HELP both Said by somebody already
# TYPE both gauge
both{service="other"} NaN
plain -Inf
constructor 1
__proto__ 2
"""


def scrape(gateway: Gateway, path: str = "/metrics", method: str = "GET", socket: str = "metrics") -> Answer:
    with contextlib.closing(UnixConnection(gateway.run / f"nginx/{socket}.sock")) as connection:
        return converse(connection, method, path)


def families(gateway: Gateway) -> dict[str, Metric]:
    """What a scrape tells, read by prometheus-client; each family is there once."""
    answer = scrape(gateway)
    assert answer.status == 200
    found = list(text_string_to_metric_families(answer.body.decode()))
    assert len({family.name for family in found}) == len(found)
    return {family.name: family for family in found}


def of_services(family: Metric) -> dict[str, float]:
    return {sample.labels["service"]: sample.value for sample in family.samples}


@pytest.fixture(scope="module")
def gateway(make_gateway: Callable[..., Gateway]) -> Gateway:
    """One of our own: to other tests, a service that was asked for its numbers was asked by a client."""
    return make_gateway()


@pytest.fixture
def told(gateway: Gateway) -> Iterator[Callable[[str], dict[str, Metric]]]:
    """Return what is joined when every service says the given text."""

    def tell(text: str) -> dict[str, Metric]:
        gateway.control(metrics=text)
        return families(gateway)

    yield tell
    gateway.control(metrics="secret 1\n", health=200)


def test_every_sample_says_whose_it_is_and_each_family_stands_once(told: Callable[[str], dict[str, Metric]]):
    found = told(TEXT)
    names = {"tea", "wait_seconds", "both", "plain", "constructor", "__proto__"}
    assert {name for name in found if not name.startswith(("mergepoint", "nginx"))} == names
    assert (found["tea"].type, found["tea"].documentation) == ("counter", "Cups with \\ and \n in them")
    assert [sample.labels["service"] for sample in found["tea"].samples[::2]] == SERVICES
    assert found["tea"].samples[0].labels["kind"] == 'gr"een,service=\\'
    assert found["tea"].samples[1].value == 1000
    assert found["tea"].samples[1].timestamp == 1_700_000_000
    assert (found["wait_seconds"].type, len(found["wait_seconds"].samples)) == ("histogram", 4 * len(SERVICES))
    assert {sample.labels["service"] for sample in found["both"].samples} == {"other"}
    assert of_services(found["mergepoint_up"]) == dict.fromkeys(SERVICES, 1)


@pytest.mark.parametrize(
    "text",
    [
        "<html>", "a", "a b", "a{ 1", "a{b} 1", 'a{b="c} 1', "a{b='c'} 1", "1a 1", "a 1 b", "# TYPE a tea\na 1",
        "# HELP", "# TYPE a-b gauge", "a 0x10", "nginx_http_requests_total 1", "# TYPE mergepoint_up counter",
        "# TYPE nginx_connections_active", "\x00",
    ],
    ids=repr,
)  # fmt: skip
def test_what_cannot_be_read_is_down_and_hides_nothing(told: Callable[[str], dict[str, Metric]], text: str):
    found = told(f"fine 1\n{text}\n")
    assert of_services(found["mergepoint_up"]) == dict.fromkeys(SERVICES, 0)
    assert of_services(found["mergepoint_healthy"]) == dict.fromkeys(SERVICES, 1)
    assert "fine" not in found
    assert found["nginx_connections_active"].samples[0].value >= 1


def test_a_long_answer_is_read_whole(told: Callable[[str], dict[str, Metric]]):
    found = told("".join(f'long{{number="{number}"}} {number}\n' for number in range(20_000)))
    assert len(found["long"].samples) == 20_000 * len(SERVICES)


def test_a_service_that_is_away_hides_no_other(make_gateway: Callable[..., Gateway]):
    gateway = make_gateway()
    (gateway.run / f"{SERVICES[0]}.sock").unlink()
    found = families(gateway)
    assert of_services(found["mergepoint_up"]) == {name: float(name != SERVICES[0]) for name in SERVICES}
    assert of_services(found["mergepoint_healthy"]) == {name: float(name != SERVICES[0]) for name in SERVICES}


def test_a_service_that_cannot_do_its_job_still_tells_its_numbers(gateway: Gateway, told: Callable[[str], object]):
    gateway.control(health=503)
    found = families(gateway)
    assert of_services(found["mergepoint_up"]) == dict.fromkeys(SERVICES, 1)
    assert of_services(found["mergepoint_healthy"]) == dict.fromkeys(SERVICES, 0)


def test_nginx_counts_its_requests(gateway: Gateway):
    def requests() -> float:
        [sample] = families(gateway)["nginx_http_requests"].samples
        assert sample.labels == {"service": "nginx"}
        return sample.value

    before = requests()
    for _ in range(10):
        gateway.get("/")
    assert requests() >= before + 11


@pytest.mark.parametrize(
    "path", ["/", "/highlight", "/highlight/health", "/_service/metrics", "/_status", "/metrics/x"]
)
def test_there_is_nothing_else_at_that_address(gateway: Gateway, path: str):
    answer = scrape(gateway, path)
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_numbers_are_read_and_not_written(gateway: Gateway):
    assert scrape(gateway, method="POST").status == 405
    assert scrape(gateway, method="HEAD").body == b""


@pytest.mark.parametrize("given", ["9101", "127.0.0.1:9101"])
def test_a_bare_port_is_for_this_machine(tmp_path: pathlib.Path, given: str):
    assert render(tmp_path, MERGEPOINT_METRICS_LISTEN=given).returncode == 0
    assert "listen 127.0.0.1:9101;" in (tmp_path / "nginx/metrics_listen.conf").read_text()


def test_nothing_listens_unless_it_is_told_to(tmp_path: pathlib.Path):
    render(tmp_path)
    assert "\nlisten" not in (tmp_path / "nginx/metrics_listen.conf").read_text()


def test_prometheus_may_come_over_tcp_and_clients_never_get_there(make_gateway: Callable[..., Gateway]):
    port = free_port()
    gateway = make_gateway(MERGEPOINT_METRICS_LISTEN=str(port))
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        assert b"nginx_http_requests_total" in converse(connection, "GET", "/metrics").body
        assert converse(connection, "GET", "/highlight?code=x").status == 404
    for host in ("nginx", "metrics", "localhost", f"127.0.0.1:{port}"):
        assert gateway.get("/metrics", {"Host": host}).status == 404
