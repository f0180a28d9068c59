"""Many connections of one address to what is behind auth: asking auth is not their work in flight."""

import collections
import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.auth.place import Place


@pytest.fixture(scope="module")
def limited(nginx_present: None) -> Iterator[Place]:
    """As shipped, with limits."""
    place = Place(MERGEPOINT_LIMITS="on").start()
    yield place
    place.stop()


def ask(place: Place, connections: int, seconds: float, headers: list[dict[str, str]]) -> collections.Counter[int]:
    """Return how often each status came."""
    seen: collections.Counter[int] = collections.Counter()
    ends = time.monotonic() + seconds

    def repeat(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
        while time.monotonic() < ends:
            connection.request("GET", "/wiki/x", headers={"Accept": "text/html", **headers[number % len(headers)]})
            response = connection.getresponse()
            response.read()
            seen[response.status] += 1
        connection.close()

    threads = [threading.Thread(target=repeat, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@pytest.mark.parametrize(
    ("connections", "seconds"),
    [(32, 3), pytest.param(32, 10, marks=pytest.mark.long), pytest.param(64, 10, marks=pytest.mark.long)],
)
def test_many_connections_of_one_address_all_pass(limited: Place, connections: int, seconds: float) -> None:
    token = limited.logged_in().token
    seen = ask(limited, connections, seconds, [{"Cookie": f"mergepoint={token}"}])
    assert seen.keys() == {200}
    assert seen[200] > connections


def test_an_office_behind_one_address_passes(limited: Place) -> None:
    """Each in a session of their own, so that each is asked about in every second."""
    tokens = [limited.logged_in().token for _ in range(20)]
    seen = ask(limited, 40, 3, [{"Cookie": f"mergepoint={token}"} for token in tokens])
    assert seen.keys() == {200}


def test_while_one_network_guesses_credentials_others_pass(limited: Place) -> None:
    token = limited.logged_in().token
    seen: collections.Counter[int] = collections.Counter()

    def guess(start: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", limited.port, timeout=20, source_address=("127.0.0.9", 0))
        for number in range(start, start + 300):
            connection.request("GET", "/wiki/x", headers={"Cookie": f"mergepoint=ms_{number:043}"})
            response = connection.getresponse()
            response.read()
            seen[response.status] += 1
        connection.close()

    threads = [threading.Thread(target=guess, args=(10_000 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    meanwhile = ask(limited, 4, 1, [{"Cookie": f"mergepoint={token}"}])
    for thread in threads:
        thread.join()
    assert seen.keys() <= {401, 429, 303}
    assert meanwhile.keys() == {200}  # who is elsewhere does not notice


def test_one_network_has_500_decisions_a_second_and_1000_ahead(limited: Place) -> None:
    """With auth away, so that nothing but the limit takes time; it is kept all the same."""
    limited.stop_auth()
    flood = decisions(limited, "192.0.2.1", 3000)
    assert flood[b"429"] > 300
    assert flood[b"503"] >= 1000
    assert decisions(limited, "192.0.2.2", 100) == {b"503": 100}


def decisions(place: Place, address: str, count: int) -> collections.Counter[bytes]:
    """Ask *count* times for *address* where nginx asks; return how often each status came."""
    request = f"HEAD /auth/verify HTTP/1.1\r\nHost: x\r\nX-Real-IP: {address}\r\nMergepoint-Service: auth\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(place.run / "streams/decisions.sock"))
        sent = f"{request}\r\n".encode() * (count - 1) + f"{request}Connection: close\r\n\r\n".encode()
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        received = b""
        while more := connection.recv(65536):
            received += more
    return collections.Counter(re.findall(rb"HTTP/1.1 (\d+)", received))
