"""The Python client over TLS, whose sockets are others: the same limits must hold."""

import shutil
import socket
import ssl
import subprocess

import pytest

from tests.clients import scenarios
from tests.clients.faults import FaultServer
from tests.clients.test_python import run
from tests.stopwatch import Stopwatch

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
REQUEST = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*REQUEST, *names, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    with file.open("ab") as both:
        both.write(file.with_name("server.pem.crt").read_bytes())
    return file


@pytest.fixture
def tls(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_connection_is_kept(tls):
    with FaultServer("ok", tls=tls) as server:
        outcomes = run(server.url, {}, [scenarios.HIGHLIGHT] * 2)
    assert [outcome["text"] for outcome in outcomes] == ["<b>ok</b>"] * 2
    assert [request.connection for request in server.requests] == [1, 1]


def test_certificate_of_a_stranger_is_refused(tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with FaultServer("ok", tls=tls) as server:
        (outcome,) = run(server.url, {"retries": 0}, [scenarios.HIGHLIGHT])
    assert outcome["error"] == "ConnectionFailed"
    assert "certificate verify failed" in outcome["message"]
    assert server.requests == []


@pytest.mark.parametrize("fault", ["hang", "slow head", "slow body", "slow chunks"])
def test_total_time_holds(tls, fault):
    with FaultServer(fault, tls=tls) as server, Stopwatch() as watch:
        (outcome,) = run(server.url, scenarios.QUICK, [scenarios.HIGHLIGHT])
    assert outcome["error"] == "Timeout"
    assert 0.5 <= outcome["seconds"] < 2 * watch.slowness


def test_handshake_that_never_comes_takes_no_longer_than_the_connect_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent, Stopwatch() as watch:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        (outcome,) = run(url, {"connect_timeout": 0.2, "retries": 1}, [scenarios.HIGHLIGHT])
    assert outcome["error"] == "Timeout"
    assert 0.4 <= outcome["seconds"] < 1.5 * watch.slowness
