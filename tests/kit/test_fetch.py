"""Sources are fetched from allowed origins at checked addresses only, within their limits of time and size."""

import ipaddress
import socket
import ssl
import subprocess
import time
from collections.abc import Callable

import pytest

from mergepoint.kit.fetch import Fetcher, resolve
from mergepoint.kit.problems import Problem
from tests.stopwatch import Stopwatch

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def fetcher(*origins: str, max_bytes: int = 1000, **options: object) -> Fetcher:
    return Fetcher(origins, max_bytes=max_bytes, **{"timeout": 3.0, **options})


def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(Problem) as refused:
        fetcher.fetch(url)
    assert refused.value.errors[0]["field"] == "url"
    return refused.value.code


def to(*addresses: str) -> Callable[[str, int], list[ipaddress.IPv4Address | ipaddress.IPv6Address]]:
    return lambda _host, _port: [ipaddress.ip_address(address) for address in addresses]


def test_an_allowed_source_is_fetched(serve) -> None:
    server = serve(OK)
    found = fetcher(server.url).fetch(f"{server.url}/a%20b?c=d#e", accept="image/*")
    assert (found.body, found.headers["content-type"]) == (b"hello", "text/plain")
    assert server.seen[0].startswith(b"GET /a%20b?c=d HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".encode() in server.seen[0]
    assert b"\r\nAccept: image/*\r\n" in server.seen[0]
    assert b"\r\nAccept-Encoding: identity\r\n" in server.seen[0]


def test_a_chunked_answer_and_one_without_length_are_read(serve) -> None:
    chunked = CHUNKED + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
    for answer in (chunked, b"HTTP/1.0 200 OK\r\n\r\nhello"):
        server = serve(answer)
        assert fetcher(server.url).fetch(server.url).body == b"hello"


def test_without_allowed_origins_nothing_is_fetched(serve) -> None:
    canary = serve(OK)
    assert refusal(fetcher(), canary.url) == "source_refused"
    assert canary.seen == []


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("https://example.com", "http://example.com/"),
        ("https://example.com", "https://example.com:444/"),
        ("https://example.com", "https://www.example.com/"),
        ("https://example.com", "https://example.com.evil.test/"),
        ("https://*.example.com", "https://example.com/"),
        ("https://*.example.com", "https://badexample.com/"),
        ("http://example.com:8000", "http://example.com/"),
        ("*", "http://example.com:8080/"),
        ("*", "https://example.com:80/"),
    ],
)
def test_an_origin_that_is_not_listed_is_refused_before_it_is_resolved(entry: str, url: str) -> None:
    def resolved(*_: object) -> list[ipaddress.IPv4Address]:
        raise AssertionError("resolved")

    assert refusal(fetcher(entry, resolve=resolved), url) == "source_refused"


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("https://example.com", "HTTPS://EXAMPLE.com.:443/a"),
        ("https://*.example.com", "https://a.b.example.com/"),
        ("http://example.com:8000", "http://example.com:8000/"),
        ("*", "https://anything.test/"),
    ],
)
def test_an_origin_that_is_listed_is_asked(entry: str, url: str) -> None:
    asked = []

    def note(host: str, port: int) -> list[ipaddress.IPv4Address]:
        asked.append((host, port))
        return []

    assert refusal(fetcher(entry, resolve=note), url) == "source_unreachable"
    assert len(asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "http://", "http:///x", "http://user@example.com/", "http://user:pw@example.com/", "http://@example.com/",
        "http://exa mple.com/", "http://example.com\\@evil.test/", "http://example.com/\r\nX: y", "http://example.com/\x00",
        "http://example.com:99999/", "http://example.com:x/", "http://[::1/", "http://[fe80::1%25eth0]/",
        "http://１２７.0.0.1/", "http://exämple.com/", "http://127。0。0。1/", "http://%31%32%37.0.0.1/",
        "http://-a.test/", "http://a..b/", "http://*.example.com/", "http://example.com/" + "a" * 9000,
        "http://example.com/<x>", "http://a" + "a" * 300 + ".test/",
    ],
)  # fmt: skip
def test_what_parsers_may_read_differently_is_no_url(url: str) -> None:
    assert refusal(fetcher("*", resolve=to("127.0.0.1")), url) == "invalid_option"


LOOPBACK = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0", "0.0.0.0",
            "localhost", "LOCALHOST.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
            "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[0:0:0:0:0:ffff:7f00:0001]"]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_loopback_reaches_it(host: str, serve) -> None:
    canary = serve(OK)
    everything = fetcher("*", "http://*.test:1", f"http://localhost:{canary.port}", f"http://x.test:{canary.port}")
    assert refusal(everything, f"http://{host}:{canary.port}/") in ("source_refused", "source_unreachable")
    assert refusal(fetcher("*"), f"http://{host}/") in ("source_refused", "source_unreachable")
    assert canary.seen == []


PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.0.1", "198.18.0.1",
    "192.0.2.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "192.88.99.1",
    "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "3fff::1",
    "2001:2::1", "2001:10::1", "5f00::1", "4000::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",  # mapped
    "::127.0.0.1", "::10.0.0.1", "::8.8.8.8",  # compatible: not even a public one
    "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8",  # translated
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::7f00:1", "64:ff9b:1:7f00:0:100::",  # NAT64
    "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:1::1", "2002:808:808::1",  # 6to4
    "2001:0:7f00:1::", "2001:0:808:808:0:0:80ff:fffe", "2001:0:808:808::f5ff:fffe",  # Teredo
    "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1", "fe80::5efe:8.8.8.8",  # ISATAP
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1",
          "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8",
          "64:ff9b::808:808", "2606:4700::5efe:808:808"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_in_every_form(address: str) -> None:
    assert refusal(fetcher("*", resolve=to(address)), "http://example.com/") == "source_refused"
    assert refusal(fetcher("*", resolve=to("8.8.8.8", address)), "https://example.com/") == "source_refused"


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def connect(where: tuple[str, int], _timeout: float) -> socket.socket:
        tried.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    assert refusal(fetcher("*", resolve=to(address)), "http://example.com/") == "source_unreachable"
    assert tried == [(str(ipaddress.ip_address(address)), 80)]


def test_the_reason_is_in_the_log_and_not_in_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Problem) as refused:
        fetcher("*", resolve=to("10.1.2.3")).fetch("http://inside.test/secret?token=1")
    assert refused.value.detail == "url: this source is not allowed"
    assert "10.1.2.3 is not public" in capsys.readouterr().out
    assert "token" not in refused.value.detail


def test_a_network_of_ones_own_is_reached_by_the_names_that_may(serve) -> None:
    server = serve(OK)
    listed = f"http://inside.test:{server.port}=127.0.0.0/8"
    other = f"http://other.test:{server.port}"
    both = fetcher(listed, other, resolve=to("127.0.0.1"))
    assert both.fetch(f"http://inside.test:{server.port}/").body == b"hello"
    assert refusal(both, f"http://other.test:{server.port}/") == "source_refused"
    assert refusal(fetcher(listed, resolve=to("10.0.0.1")), f"http://inside.test:{server.port}/") == "source_refused"
    assert f"Host: inside.test:{server.port}".encode() in server.seen[0]


def test_a_name_is_resolved_once_and_a_changed_answer_changes_nothing(serve) -> None:
    canary = serve(OK)
    answers = [["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]]
    asked = []

    def rebinding(_host: str, _port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        asked.append(1)
        return [ipaddress.ip_address(address) for address in answers[len(asked) - 1]]

    rebound = fetcher(f"http://x.test:{canary.port}", resolve=rebinding, timeout=0.3)
    assert refusal(rebound, f"http://x.test:{canary.port}/") in ("source_too_slow", "source_unreachable")
    assert (len(asked), canary.seen) == (1, [])
    assert refusal(rebound, f"http://x.test:{canary.port}/") == "source_refused"
    assert (len(asked), canary.seen) == (2, [])


def test_another_address_is_tried_when_one_does_not_answer(serve) -> None:
    server = serve(OK)
    both = fetcher(f"http://x.test:{server.port}=127.0.0.0/8", resolve=to("127.0.0.9", "127.0.0.1"))
    assert both.fetch(f"http://x.test:{server.port}/").body == b"hello"


def redirect(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_no_redirect_is_followed_by_default(serve) -> None:
    canary = serve(OK)
    server = serve(redirect(canary.url))
    assert refusal(fetcher(server.url, canary.url), server.url) == "source_redirected"
    assert canary.seen == []


def test_a_redirect_is_checked_like_a_new_request(serve) -> None:
    canary, allowed = serve(OK), serve(OK)
    for where in (canary.url, f"http://localhost:{canary.port}/", "file:///etc/passwd", "http://[::1]/", "gopher://x/"):
        server = serve(redirect(where))
        assert refusal(fetcher(server.url, allowed.url, redirects=3), server.url) == "source_refused"
    assert canary.seen == []
    server = serve(redirect(f"{allowed.url}/there"))
    found = fetcher(server.url, allowed.url, redirects=1).fetch(server.url)
    assert (found.body, found.url) == (b"hello", f"{allowed.url}/there")


def test_a_relative_redirect_is_of_the_same_origin(serve) -> None:
    server = serve(lambda sock, head: sock.sendall(OK if b"GET /b" in head else redirect("/b", 308)))
    assert fetcher(server.url, redirects=1).fetch(f"{server.url}/a").url == f"{server.url}/b"


def test_redirects_in_a_circle_end(serve) -> None:
    server = serve(redirect("/"))
    assert refusal(fetcher(server.url, redirects=4), server.url) == "source_redirected"
    assert len(server.seen) == 5


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "source_not_found"),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", "source_not_found"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "source_failed"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "source_failed"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "source_failed"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\nx", "source_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", "source_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "source_unreachable"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "source_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "source_too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, "source_too_large"),
        (
            CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
            "source_too_large",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "source_unreachable"),
        (CHUNKED + b"9\r\nshort", "source_unreachable"),
        (b"SSH-2.0-OpenSSH_9\r\n", "source_unreachable"),
        (b"", "source_unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "source_unreachable"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "source_unreachable"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, "source_too_large"),
    ],
)
def test_an_answer_that_is_none_has_its_own_code(answer: bytes, code: str, serve) -> None:
    server = serve(answer)
    assert refusal(fetcher(server.url), server.url) == code


def test_exactly_as_many_bytes_as_allowed_are_taken(serve) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
    assert len(fetcher(server.url).fetch(server.url).body) == 1000


def drip(sock: socket.socket, _head: bytes) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while True:
        sock.sendall(b"x")
        time.sleep(0.05)


def drip_head(sock: socket.socket, _head: bytes) -> None:
    while True:
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [lambda *_: time.sleep(3), drip, drip_head], ids=["silent", "body", "head"])
def test_the_whole_fetch_ends_in_time_however_slowly_bytes_drip(answer, serve) -> None:
    server = serve(answer)
    with Stopwatch() as watch:
        assert refusal(fetcher(server.url, timeout=0.3), server.url) == "source_too_slow"
    assert watch.seconds < 1


def test_a_slow_resolver_costs_no_more_than_the_timeout() -> None:
    slow = fetcher("*", timeout=0.2, resolve=lambda *_: time.sleep(3) or [])
    with Stopwatch() as watch:
        assert refusal(slow, "http://example.com/") == "source_too_slow"
    assert watch.seconds < 1


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    def unknown(*_: object) -> list[ipaddress.IPv4Address]:
        raise socket.gaierror(-2, "Name or service not known")

    assert refusal(fetcher("*", resolve=unknown), "http://example.com/") == "source_unreachable"


def test_nobody_at_the_port_is_unreachable(serve) -> None:
    server = serve(OK)
    server.close()
    assert refusal(fetcher(server.url), server.url) == "source_unreachable"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate for good.test, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=good.test", "-addext", "subjectAltName=DNS:good.test",
               "-keyout", str(folder / "key"), "-out", str(folder / "cert")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    (folder / "both").write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return str(folder / "both")


def test_a_certificate_is_checked_for_the_name_in_the_url(serve, certificate: str) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    server = serve(OK, tls=server_side)
    origins = [f"https://{name}.test:{server.port}=127.0.0.1" for name in ("good", "other")]
    trusting = fetcher(*origins, resolve=to("127.0.0.1"), tls=lambda: ssl.create_default_context(cafile=certificate))
    assert trusting.fetch(f"https://good.test:{server.port}/").body == b"hello"
    assert refusal(trusting, f"https://other.test:{server.port}/") == "source_unreachable"
    careful = fetcher(*origins, resolve=to("127.0.0.1"))
    assert refusal(careful, f"https://good.test:{server.port}/") == "source_unreachable"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "entry", ["example.com", "https://example.com/path", "https://*", "http://a=b", "ftp://x", "*x"]
)
def test_a_bad_entry_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="(?i)" + entry.replace("*", r"\*")):
        fetcher(entry)


def test_entries_may_stand_in_one_string() -> None:
    refused = Fetcher("https://a.test, https://b.test\nhttp://10.0.0.1", max_bytes=1, resolve=to())
    for url in ("https://a.test/", "https://b.test/", "http://10.0.0.1/"):
        assert refusal(refused, url) == "source_unreachable"


def test_the_system_resolves_addresses_and_names() -> None:
    assert set(map(str, resolve("localhost", 80))) <= {"127.0.0.1", "::1"}
    assert list(map(str, resolve("0x7f.1", 80))) == ["127.0.0.1"]
