"""/auth/oidc/<provider>: logging in with an account elsewhere: OpenID Connect's code flow with PKCE, by Authlib."""

import secrets
import time
from typing import Any

import requests as http
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mergepoint.kit.openapi import describe
from mergepoint.kit.problems import Problem

from ..config import Provider
from ..errors import Forbidden, InvalidToken, NotFound
from ..redirects import HOME, local
from .factor import PasswordOptions, proven
from .login import welcome
from .requests import (
    auth,
    cookie_name,
    origin,
    page,
    see,
    sent,
    session,
    set_short_cookie,
    settings,
    wants_page,
)

TIMEOUT = 5  # seconds, of each request to a provider
KEEP = 3600.0  # seconds for which a provider's description is kept
MINUTES = 600  # seconds that somebody may take at the provider
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
COOKIE = "-oidc"

log = structlog.get_logger()


class Client:
    """We, as one provider sees us."""

    def __init__(self, name: str, provider: Provider) -> None:
        self.name, self.provider = name, provider
        self._described: dict[str, Any] = {}
        self._until = 0.0

    def there(self, target: str, *, link: str = "") -> tuple[str, str]:
        """Return where the browser goes at the provider, and what belongs to this try, for a cookie of its own. The
        session with the id *link* shall be linked; without it somebody logs in.
        """
        own = {"state": secrets.token_urlsafe(16), "nonce": secrets.token_urlsafe(16)}
        own |= {"verifier": secrets.token_urlsafe(48), "provider": self.name, "next": target, "link": link}
        with self._session() as oauth:
            address, _ = oauth.create_authorization_url(
                self._about()["authorization_endpoint"],
                state=own["state"],
                nonce=own["nonce"],
                code_verifier=own["verifier"],
            )
        return str(address), auth().tokens.sign("oidc", own)

    def claims(self, code: str, own: dict[str, Any]) -> dict[str, Any]:
        """Return what the provider's ID token says, checked as OpenID Connect Core 3.1.3.7 wants it."""
        with self._session() as oauth:
            token = oauth.fetch_token(
                self._about()["token_endpoint"], code=code, code_verifier=own["verifier"], timeout=TIMEOUT
            )
        decoded = jwt.decode(str(token["id_token"]), self._keys(), algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self._about()["issuer"]},
            "aud": {"essential": True, "value": self.provider.client_id},
            "nonce": {"essential": True, "value": own["nonce"]},
            "sub": {"essential": True},
        }
        about = {"nonce": own["nonce"], "client_id": self.provider.client_id, "access_token": token.get("access_token")}
        checked = CodeIDToken(decoded.claims, decoded.header, options, about)
        checked.validate(leeway=10)
        claims = dict(checked)
        return claims if "email" in claims else {**self._more(token, claims["sub"]), **claims}

    def is_answer_of(self, issuer: str | None) -> bool:
        """Whether the *issuer* that came with a code is this one (RFC 9207): providers could be mixed up otherwise."""
        if issuer is None:
            return not self._about().get("authorization_response_iss_parameter_supported")
        return issuer == str(self._about()["issuer"])

    def _more(self, token: Any, subject: str) -> dict[str, Any]:
        """What the user info endpoint adds; it must be about the same subject (OpenID Connect Core, 5.3.2)."""
        endpoint = self._about().get("userinfo_endpoint")
        if not endpoint:
            return {}
        with self._session(token) as oauth:
            said = oauth.get(endpoint, timeout=TIMEOUT, allow_redirects=False).json()
        if said.get("sub") != subject:
            raise ValueError("the user info is about somebody else")
        return {name: value for name, value in said.items() if name not in ("iss", "aud", "exp", "sub")}

    def _session(self, token: Any = None) -> OAuth2Session:
        return OAuth2Session(
            self.provider.client_id,
            self.provider.client_secret,
            scope="openid email profile",
            redirect_uri=f"{settings().public_url}/auth/oidc/{self.name}/callback",
            code_challenge_method="S256",
            token=token,
        )

    def _about(self) -> dict[str, Any]:
        if time.monotonic() > self._until:
            issuer = self.provider.issuer.rstrip("/")
            described = self._get(f"{issuer}/.well-known/openid-configuration")
            if str(described["issuer"]).rstrip("/") != issuer:
                raise ValueError("the provider says that it is another")
            self._described, self._until = described, time.monotonic() + KEEP
        return self._described

    def _keys(self) -> KeySet:
        return KeySet.import_key_set(self._get(self._about()["jwks_uri"]))

    def _get(self, address: str) -> Any:
        answer = http.get(address, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        return answer.json()


def add(app: Flask) -> None:
    clients = {name: Client(name, provider) for name, provider in settings_of(app).providers.items()}

    @app.get("/auth/oidc/<name>")
    def begin_oidc(name: str) -> Response:
        with _Honest():
            address, own = client(name).there(local(request.args.get("next")))
        response = see(address)
        set_short_cookie(response, COOKIE, own, MINUTES)
        return response

    @app.post("/auth/oidc/<name>")
    @describe("Link an account elsewhere; says where to go", PasswordOptions, produces=["application/json"])
    def link_oidc(name: str) -> Response:
        who = proven(sent(PasswordOptions).password)
        with _Honest():
            address, own = client(name).there(HOME, link=str(who.session_id))
        # Not a redirect: a form of ours leads nowhere else (Content-Security-Policy).
        response = page("oidc", address=address, name=name) if wants_page() else jsonify({"location": address})
        set_short_cookie(response, COOKIE, own, MINUTES)
        return response

    @app.post("/auth/oidc/<name>/unlink")
    @describe("Log in by this provider no longer", PasswordOptions, produces=["application/json"])
    def unlink_oidc(name: str) -> Response:
        who = proven(sent(PasswordOptions).password)
        auth().federation.unlink(who.user, name, origin(who))
        return see(HOME) if wants_page() else jsonify({"unlinked": name})

    @app.get("/auth/oidc/<name>/callback")
    def finish_oidc(name: str) -> Response:
        found = client(name)
        own = auth().tokens.unsign("oidc", request.cookies.get(cookie_name(COOKIE), ""), seconds=MINUTES)
        same = secrets.compare_digest(str(own["state"]), request.args.get("state", ""))
        if not same or own["provider"] != name or "code" not in request.args:
            raise InvalidToken("this login was not begun here, or was given up")
        with _Honest():
            if not found.is_answer_of(request.args.get("iss")):
                raise InvalidToken("this login was begun elsewhere")
            claims = found.claims(request.args["code"], own)
        response = _linked(name, claims, str(own["link"])) if own["link"] else _log_in(name, claims, str(own["next"]))
        set_short_cookie(response, COOKIE, None, 0)
        return response

    def client(name: str) -> Client:
        if name not in clients:
            raise NotFound(f"no provider is called {name[:40]!r}")
        return clients[name]


def settings_of(app: Flask) -> Any:
    return app.extensions["settings"]


def _linked(name: str, claims: dict[str, Any], link: str) -> Response:
    here = session()
    if here is None or here.pending or here.id != link:
        raise InvalidToken("this was begun in another session")
    auth().federation.link(here.user, name, str(claims["sub"])[:255], origin())
    return see(HOME)


def _log_in(name: str, claims: dict[str, Any], target: str) -> Response:
    may_register = settings().registration == "open"
    user = auth().federation.user(name, claims, origin(), may_register=may_register)
    return welcome(user, target, how=f"oidc {name}", pending=user.guarded)


class _Honest:
    """What goes wrong at a provider is told as such."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, http.ConnectionError | http.Timeout):
            log.error("provider", detail=str(error)[:300])
            raise Problem("unavailable", "the provider does not answer right now") from error
        wrong = (
            AuthlibBaseError | JoseError | http.RequestException | ValueError | LookupError | TypeError | AttributeError
        )
        if isinstance(error, wrong) and not isinstance(error, InvalidToken | Forbidden | NotFound):
            log.warning("provider", detail=f"{type(error).__name__}: {error}"[:300])
            raise Forbidden("the provider's answer cannot be believed") from error
