"""How long an answer of another server may be kept, from its headers."""

import time

import pytest

from mergepoint.kit.fetch.freshness import freshness


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"cache-control": "max-age=10"}, 10),
        ({"cache-control": "public, MAX-AGE = 10"}, 10),
        ({"cache-control": "max-age=10, s-maxage=20"}, 20),
        ({"cache-control": "max-age=99999"}, 3600),
        ({"cache-control": "max-age=10", "age": "4"}, 6),
        ({"cache-control": "max-age=10", "age": "40"}, 0),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "private, max-age=9"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": 'max-age="10"'}, 10),
        ({"cache-control": "immutable"}, 60),
        ({"cache-control": 'private="set-cookie", max-age=9'}, 0),
        ({"cache-control": 'no-cache="a, b"'}, 0),
        ({"cache-control": "max-age=99999999999999999999"}, 3600),
        ({"cache-control": "max-age=²"}, 60),
        ({"cache-control": "max-age=x"}, 60),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:01:00 GMT", "date": "Thu, 01 Jan 1970 00:00:30 GMT"}, 30),
        ({"expires": "Thu, 01 Jan 1970 00:01:00 GMT", "date": "nonsense"}, 0),
    ],
)
def test_how_long_a_source_may_be_kept_is_for_its_server_to_say(headers: dict[str, str], seconds: int) -> None:
    assert freshness(headers, default=60, most=3600) == seconds


@pytest.mark.parametrize("unit", ["a", " ", "a=", ",", '"', "a ,", "=1"])
@pytest.mark.parametrize("name", ["cache-control", "expires", "age"])
def test_no_header_keeps_it_busy(name: str, unit: str) -> None:
    headers = {"cache-control": "max-age=9", name: "a" + unit * (65_536 // len(unit)) + "!"}
    began = time.process_time()
    freshness(headers, default=60, most=3600)
    assert time.process_time() - began < 0.2
