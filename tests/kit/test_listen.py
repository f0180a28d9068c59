"""The origin of a suite that listens somewhere, as a browser writes it."""

import pytest

from mergepoint.kit.listen import origin


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:8122", "http://localhost:8122"),
        ("0.0.0.0:80", "http://localhost"),
        ("[::]:8080", "http://localhost:8080"),
        ("[::1]:8080", "http://localhost:8080"),
        ("*:8080", "http://localhost:8080"),
        ("8080", "http://localhost:8080"),
        ("localhost:1", "http://localhost:1"),
        ("192.0.2.1:80", "https://192.0.2.1"),
        ("[2001:db8::1]:443", "https://[2001:db8::1]"),
    ],
)
def test_this_machine_is_localhost_and_others_have_tls_in_front(listen: str, expected: str) -> None:
    assert origin(listen) == expected
