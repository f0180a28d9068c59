"""What one address may ask for. Here everybody is somebody else, by X-Forwarded-For, and may ask ten times."""

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.nginx.gateway import Answer, Gateway, fresh, is_problem
from tests.servers import wait_for

MOST = 10
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def limited(make_gateway: Callable[..., Gateway]) -> Gateway:
    return make_gateway(
        MERGEPOINT_RATE="1",
        MERGEPOINT_BURST=str(MOST - 1),
        MERGEPOINT_IN_FLIGHT="2",
        TRUSTED_PROXIES="127.0.0.0/8, ::1",
    )


class Client:
    """Somebody with an address of their own, or the one given."""

    def __init__(self, gateway: Gateway, address: str = "") -> None:
        number = next(_numbers)
        self.gateway = gateway
        self.headers = {"X-Forwarded-For": address or f"198.51.{number // 250}.{number % 250 + 1}"}

    def request(self, method: str, target: str, body: bytes | None = b"x") -> Answer:
        return self.gateway.request(method, target, body, self.headers)

    def work(self) -> Answer:
        return self.request("POST", f"/highlight?{fresh()}")

    def batch(self, body: object, method: str = "POST", word: str = "") -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request(method, f"/highlight/batch?{word or fresh()}", data)

    def left(self) -> int:
        """Use up what may still be asked; return how much it was. (One more a second comes while we count.)"""
        return sum(self.work().status == 200 for _ in range(MOST + 1))


@pytest.fixture
def client(limited: Gateway) -> Client:
    return Client(limited)


def test_one_request_too_many_is_refused(client: Client):
    answers = [client.work() for _ in range(MOST + 3)]
    assert [answer.status for answer in answers[:MOST]] == [200] * MOST
    assert is_problem(answers[-1], 429, "rate_limited")
    assert answers[-1].headers["Retry-After"] == "1"
    assert answers[-1].headers["Access-Control-Allow-Origin"] == "*"


def test_an_address_does_not_pay_for_another(limited: Gateway, client: Client):
    client.left()
    assert Client(limited).work().status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_hit_is_never_refused(limited: Gateway, client: Client, method: str):
    target = f"/highlight?{fresh()}"
    Client(limited).gateway.stored(method, target)
    client.left()
    assert client.work().status == 429
    for _ in range(5 * MOST):
        answer = client.request(method, target)
        assert answer.status == 200
        assert answer.hit


def test_a_hit_counts_for_nothing(limited: Gateway, client: Client):
    target = f"/highlight?{fresh()}"
    limited.stored("POST", target)
    for _ in range(5 * MOST):
        client.request("POST", target)
    assert client.left() >= MOST


def test_a_link_and_a_list_count_as_well(client: Client):
    for number in range(MOST):
        client.request("GET", f"/highlight/{'python/x.svg' if number % 2 else 'languages'}?{fresh()}", None)
    assert client.left() <= 1


def test_health_and_pages_are_not_counted_as_work(client: Client):
    client.left()
    for path in ("/health", "/highlight/health", "/", "/docs"):
        assert client.request("GET", path, None).status == 200


@pytest.mark.parametrize("method", ["POST", "QUERY"])
@pytest.mark.parametrize("size", [0, 1, 2, 7])
def test_a_batch_counts_as_so_many_requests(client: Client, method: str, size: int):
    assert client.batch({"snippets": [{"code": "x"}] * size}, method).status == 200
    assert MOST - max(size, 1) <= client.left() <= MOST - max(size, 1) + 1


def test_a_batch_that_is_too_many_never_reaches_the_service(limited: Gateway, client: Client):
    word = fresh()
    answer = client.batch({"snippets": [{}] * (MOST + 5)}, word=word)
    assert is_problem(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"] == "1"
    assert not limited.seen(word)


def test_a_batch_that_is_known_counts_for_nothing(limited: Gateway, client: Client):
    body = json.dumps({"snippets": [{"code": fresh()}] * 7}).encode()
    Client(limited).gateway.request("POST", "/highlight/batch", body, Client(limited).headers)
    wait_for(lambda: Client(limited).request("POST", "/highlight/batch", body).hit)
    for _ in range(5):
        assert client.request("POST", "/highlight/batch", body).hit
    assert client.left() >= MOST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json at all",
        b"[]",
        b"null",
        b'{"snippets": 7}',
        b'{"snippets": {"length": 7}}',
        b'{"snippets": "1234567"}',
        b'{"other": [1, 2, 3, 4, 5, 6, 7]}',
        b'{"snippets": [1, 2, 3], "snippets": [1]}',
    ],
    ids=repr,
)
def test_what_is_not_a_batch_counts_once(client: Client, body: bytes):
    client.batch(body)
    assert MOST - 1 <= client.left() <= MOST


SEVEN = json.dumps({"snippets": [{"code": "{"}] + [{"code": "x"}] * 6}).encode()


@pytest.mark.parametrize(
    "body",
    [
        SEVEN.decode().encode("utf-16"),
        SEVEN.decode().encode("utf-32-be"),
        b"\xef\xbb\xbf" + SEVEN,
        SEVEN.replace(b'"x"', b"NaN"),
        SEVEN.replace(b'"x"', b"[" * 50 + b"]" * 50),
        SEVEN.replace(b"}]}", b'}], "\xff": 1}'),
        SEVEN[:-2],
    ],
    ids=["UTF-16", "UTF-32", "byte order mark", "NaN", "deep", "not UTF-8", "cut off"],
)
def test_what_nginx_cannot_read_counts_as_much_as_it_could_hold(client: Client, body: bytes):
    client.batch(body)
    assert client.left() <= MOST - 6


def test_half_of_the_children_are_for_others(limited: Gateway, client: Client):
    def slow(somebody: Client) -> int:
        return somebody.request("POST", f"/highlight?do=slow&seconds=1.5&{word}&{fresh()}").status

    word = fresh()
    with ThreadPoolExecutor(2) as both:
        results = [both.submit(slow, client) for _ in range(2)]
        wait_for(lambda: len(limited.seen(word)) == 2)
        assert is_problem(client.work(), 429, "rate_limited")
        assert client.request("GET", "/highlight/health", None).status == 200
        assert Client(limited).work().status == 200
    assert [result.result() for result in results] == [200, 200]
    assert client.work().status == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:0:a0a:a0a:a0a", True),
        ("2001:db8:1:3::1", "2001:db8:1:4::1", False),
        ("2001:db8::1:0:0:1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.2", False),
        ("::ffff:203.0.113.3", "203.0.113.3", True),
        ("203.0.113.4", "203.0.113.5", False),
    ],
)
def test_an_address_is_one_ipv4_or_a_64_of_ipv6(limited: Gateway, one: str, other: str, same: bool):
    Client(limited, one).left()
    assert (Client(limited, other).work().status == 429) is same


def test_whom_a_trusted_proxy_speaks_for_is_the_last_it_does_not_trust(limited: Gateway, client: Client):
    client.left()
    address = client.headers["X-Forwarded-For"]
    assert Client(limited, f"192.0.2.77, {address}, 127.0.0.9").work().status == 429


def test_nobody_is_trusted_by_default(gateway: Gateway):
    word = fresh()
    gateway.post(f"/highlight?{word}", b"x", {"X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1"})
    assert gateway.seen(word)[0]["headers"]["X-Real-IP"] == "127.0.0.1"


def test_the_service_is_told_the_client_s_address(limited: Gateway, client: Client):
    word = fresh()
    client.request("POST", f"/highlight?{word}")
    assert limited.seen(word)[0]["headers"]["X-Real-IP"] == client.headers["X-Forwarded-For"]


def test_without_limits_nothing_is_refused(gateway: Gateway):
    statuses = {gateway.post(f"/highlight?{fresh()}", b"x").status for _ in range(700)}
    batch = gateway.post("/highlight/batch", json.dumps({"snippets": [{}] * 100}).encode())
    assert statuses | {batch.status} == {200}
