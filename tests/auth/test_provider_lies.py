"""A provider, or somebody between it and us, that lies: nobody is logged in by what cannot be believed."""

import base64
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.test import TestResponse

from mergepoint.auth import Auth
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.visitors import Browser, Clock

KEY, STRANGE = (RSAKey.import_key(rsa.generate_private_key(65537, 2048)) for _ in range(2))
PUBLIC = {**KEY.as_dict(private=False), "kid": "1", "use": "sig"}
Claims = dict[str, Any]


def signed(claims: Claims, key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "1", **header}, claims, key, algorithms=[alg])


def unsigned(claims: Claims) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


class Provider:
    """Answers as OpenID Connect wants it, but for what a test changes."""

    def __init__(self) -> None:
        self.id_token: Callable[[Claims], str] = signed
        self.about: Claims = {}
        self.said_of_user: Claims = {"sub": "s", "email": "s@example.com", "email_verified": True}
        self.asked: dict[str, str] = {}
        self.verified = False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(outer.answer(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(outer.token({name: values[0] for name, values in parse_qs(body).items()}))

            def _answer(self, found: Any) -> None:
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str) -> Any:
        if path == "/jwks":
            return {"keys": [PUBLIC]}
        if path == "/userinfo":
            return self.said_of_user
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        found = {name: f"{self.url}/{path}" for name, path in {**paths, "userinfo_endpoint": "userinfo"}.items()}
        return {"issuer": self.url, **found, **self.about}

    def token(self, sent: dict[str, str]) -> Any:
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        self.verified = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.asked["code_challenge"]
        now = int(time.time())
        claims = {"iss": self.url, "sub": "s", "aud": "us", "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(claims)}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


# What a provider says is believed or not before any database is asked.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def app(auth: Auth, provider: Provider) -> Flask:
    oidc = json.dumps({"liar": {"issuer": provider.url, "client_id": "us", "client_secret": "x" * 32}})
    return create_app(Settings(state=auth.folder, public_url="http://localhost", registration="open", oidc=oidc), auth)


def log_in(browser: Browser, provider: Provider, **more: str) -> TestResponse:
    there = browser.get("/auth/oidc/liar")
    if there.status_code != 303:
        return there
    provider.asked = {name: values[0] for name, values in parse_qs(urlsplit(there.headers["Location"]).query).items()}
    query = {"code": "x", "state": provider.asked["state"], **more}
    return browser.get("/auth/oidc/liar/callback?" + "&".join(f"{name}={value}" for name, value in query.items()))


def test_what_is_true_is_believed_and_proves_that_it_was_us(auth: Auth, browser: Browser, provider: Provider) -> None:
    assert log_in(browser, provider).status_code == 303
    assert provider.asked["code_challenge_method"] == "S256"
    assert provider.verified
    [user] = auth.accounts.list()
    assert (user.email, user.email_proven) == ("s@example.com", True)


LIES: dict[str, Callable[[Claims], str]] = {
    "signed by somebody else": lambda claims: signed(claims, STRANGE),
    "not signed": unsigned,
    "signed with the client's secret": lambda claims: signed(claims, OctKey.import_key("x" * 32), "HS256"),
    "for several, and not given to us": lambda claims: signed({**claims, "aud": ["us", "them"], "azp": "them"}),
    "no token": lambda _claims: "x",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_cannot_be_believed_logs_nobody_in(
    auth: Auth, browser: Browser, provider: Provider, lie: str
) -> None:
    provider.id_token = LIES[lie]
    assert log_in(browser, provider).status_code == 403
    assert auth.accounts.list() == []
    assert browser.cookie() is None


@pytest.mark.parametrize("issuer", ["https://evil.example", ""])
def test_an_answer_of_another_provider_is_refused(
    auth: Auth, browser: Browser, provider: Provider, issuer: str
) -> None:
    """RFC 9207: a code of one provider is not shown to another."""
    assert log_in(browser, provider, iss=issuer).status_code == 403
    assert not provider.verified


def test_who_promises_to_name_the_issuer_does(browser: Browser, provider: Provider) -> None:
    provider.about = {"authorization_response_iss_parameter_supported": True}
    assert log_in(browser, provider).status_code == 403
    assert log_in(browser, provider, iss=provider.url).status_code == 303
