"""A client of an OpenID Connect provider: the code flow with PKCE, by Authlib. It knows nothing of our own requests.

A provider is not trusted: its answers are checked, and if it misbehaves it costs a few threads for a few seconds.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter

from mergepoint.kit.problems import Problem

from ..errors import Forbidden

READ_TIMEOUT = 5  # seconds without a byte from the provider
CALL_TIMEOUT = 10.0  # seconds for all requests of one call
CONCURRENT_CALLS = 8  # in a process: most of its threads are for other requests
METADATA_SECONDS = 3600.0  # for which a provider's metadata is kept
MAX_BYTES = 1 << 18  # of an answer
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
PROTOCOL = {"iss", "aud", "azp", "exp", "iat", "nbf", "sub", "nonce", "acr", "amr", "at_hash", "auth_time"}

Result = TypeVar("Result")
log = structlog.get_logger()


class ProviderClient:
    """The client *client_id* of the provider *issuer*, an address; *callback* is where it sends browsers back to."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, *, callback: str) -> None:
        self._issuer, self._client_id, self._client_secret, self._callback = issuer, client_id, client_secret, callback
        self._slots = threading.BoundedSemaphore(CONCURRENT_CALLS)
        self._metadata: dict[str, Any] = {}
        self._until = 0.0

    def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return the address to send the browser to; raise as ``claims`` does."""

        def work() -> str:
            with self._session() as oauth:
                endpoint = self._endpoint("authorization_endpoint")
                url, _ = oauth.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
                return str(url)

        return self._run(work)

    def claims(self, code: str, *, nonce: str, verifier: str, issuer: str | None = None) -> dict[str, Any]:
        """Return the claims about the user who brings *code*.

        *issuer* is the provider that the redirect names (RFC 9207). Raise Forbidden if an answer fails a check, Problem
        if the provider does not answer.
        """

        def work() -> dict[str, Any]:
            self._check_issuer(issuer)
            with self._session() as oauth:
                token = oauth.fetch_token(
                    self._endpoint("token_endpoint"), code=code, code_verifier=verifier, allow_redirects=False
                )
            claims = self._check_claims(token, nonce)
            return claims if "email" in claims else {**claims, **self._user_info(token, claims["sub"])}

        return self._run(work)

    def _check_issuer(self, issuer: str | None) -> None:
        """Raise ValueError if the code is another provider's (RFC 9207)."""
        always_sent = self._load_metadata().get("authorization_response_iss_parameter_supported")
        if issuer != self._load_metadata()["issuer"] and (issuer is not None or always_sent):
            raise ValueError("the code is another provider's")

    def _check_claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token, after the checks of OpenID Connect Core, 3.1.3.7."""
        keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri")))
        decoded = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self._load_metadata()["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
            "nonce": {"essential": True, "value": nonce},
            "sub": {"essential": True},
        }
        about = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        id_token = CodeIDToken(decoded.claims, decoded.header, options, about)
        id_token.validate(leeway=10)
        return dict(id_token)

    def _user_info(self, token: Any, subject: Any) -> dict[str, Any]:
        """Return further claims of the user info endpoint; raise ValueError if its subject is another (5.3.2)."""
        if not self._load_metadata().get("userinfo_endpoint"):
            return {}
        info = self._get(self._endpoint("userinfo_endpoint"), token)
        if info["sub"] != subject:
            raise ValueError("the user info is about another subject")
        # The address and whether it is proven must come from the same answer.
        return {"email_verified": None} | {name: value for name, value in info.items() if name not in PROTOCOL}

    def _session(self, token: Any = None) -> OAuth2Session:
        session = OAuth2Session(
            self._client_id,
            self._client_secret,
            scope="openid email profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
            token=token,
            default_timeout=READ_TIMEOUT,
        )
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            session.mount(scheme, _LimitedAdapter())
        return session

    def _load_metadata(self) -> dict[str, Any]:
        if time.monotonic() > self._until:
            issuer = self._issuer.rstrip("/")
            metadata = self._get(f"{issuer}/.well-known/openid-configuration")
            if metadata["issuer"].rstrip("/") != issuer:
                raise ValueError("the provider says that it is another")
            self._metadata, self._until = metadata, time.monotonic() + METADATA_SECONDS
        return self._metadata

    def _endpoint(self, name: str) -> str:
        """Return an address of the provider's metadata; it must be https, or of the provider's own origin."""
        address = str(self._load_metadata()[name])
        parts, issuer = urlsplit(address), urlsplit(self._issuer)
        if (parts.scheme, parts.netloc) != (issuer.scheme, issuer.netloc) and not (
            parts.scheme == "https" and parts.hostname
        ):
            raise ValueError(f"{name}: https://… is expected")
        return address

    def _get(self, address: str, token: Any = None) -> Any:
        with self._session(token) as session:
            answer = session.get(address, allow_redirects=False, withhold_token=token is None)
        if answer.status_code != 200:
            raise ValueError(f"{address}: {answer.status_code}")
        return answer.json()

    def _run(self, work: Callable[[], Result]) -> Result:
        """Call *work* in a thread of its own, within CALL_TIMEOUT, and in at most CONCURRENT_CALLS threads at once."""
        if not self._slots.acquire(timeout=1):
            raise self._unavailable("too many wait for it")
        done: queue.SimpleQueue[Result | Exception] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put(work())
            except Exception as error:  # of any of the libraries that read the untrusted answer
                done.put(error)
            finally:
                self._slots.release()

        threading.Thread(target=run, name="provider", daemon=True).start()
        try:
            result = done.get(timeout=CALL_TIMEOUT)
        except queue.Empty:
            raise self._unavailable("too slow") from None
        if isinstance(result, RequestException) and not isinstance(result, ValueError):
            raise self._unavailable(str(result)) from result
        if isinstance(result, Exception):
            log.warning("provider", issuer=self._issuer, detail=f"{type(result).__name__}: {result}"[:300])
            raise Forbidden("the provider's answer failed a check; try again, or log in another way") from result
        return result

    def _unavailable(self, why: str) -> Problem:
        log.error("provider", issuer=self._issuer, detail=why[:300])
        return Problem("unavailable", "the provider does not answer; try again later, or log in another way")


class _LimitedAdapter(HTTPAdapter):
    """Reads answers of at most MAX_BYTES, and refuses compressed ones, which may expand to any size."""

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        response = super().send(request, *arguments, **{**options, "stream": True})
        with response.raw as raw:
            body = raw.read(MAX_BYTES + 1, decode_content=False)
        if len(body) > MAX_BYTES or response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ValueError(f"{request.url}: more than {MAX_BYTES} bytes, or compressed")
        response.raw = BytesIO(body)
        return response
