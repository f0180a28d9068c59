"""An OpenID Connect provider as its client sees it: the code flow with PKCE, by Authlib. It knows no request of ours.

A provider is somebody else's program: what it says is believed only as far as it is id_token, and however it behaves,
it costs a few threads for a few seconds.
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

TIMEOUT = 5  # seconds, of each request to a provider while nothing at all comes
PATIENCE = 10.0  # seconds that all requests of one call may take together
PLACES = 8  # calls at once in a process: most of its threads are for others
KEEP = 3600.0  # seconds for which a provider's description is kept
MOST_BYTES = 1 << 18  # of an answer
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
PROTOCOL = {"iss", "aud", "azp", "exp", "iat", "nbf", "sub", "nonce", "acr", "amr", "at_hash", "auth_time"}

Result = TypeVar("Result")
log = structlog.get_logger()


class ProviderClient:
    """The client *client_id* of the provider *issuer*, an address; *callback* is where it sends browsers back to."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, *, callback: str) -> None:
        self._issuer, self._client_id, self._client_secret, self._callback = issuer, client_id, client_secret, callback
        self._places = threading.BoundedSemaphore(PLACES)
        self._described: dict[str, Any] = {}
        self._until = 0.0

    def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser, or raise as ``claims``."""

        def work() -> str:
            with self._session() as oauth:
                endpoint = self._endpoint("authorization_endpoint")
                made = oauth.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
                return str(made[0])

        return self._ask(work)

    def claims(self, code: str, *, nonce: str, verifier: str, issuer: str | None = None) -> dict[str, Any]:
        """Return what the provider says of who brings *code*, or raise Forbidden; a Problem when it does not answer.
        *issuer* is who says to have given the code.
        """

        def work() -> dict[str, Any]:
            self._check_issuer(issuer)
            with self._session() as oauth:
                token = oauth.fetch_token(
                    self._endpoint("token_endpoint"), code=code, code_verifier=verifier, allow_redirects=False
                )
            claims = self._check_claims(token, nonce)
            return claims if "email" in claims else {**claims, **self._more(token, claims["sub"])}

        return self._ask(work)

    def _check_issuer(self, issuer: str | None) -> None:
        """RFC 9207: a code of one provider is not shown to another."""
        promised = self._about().get("authorization_response_iss_parameter_supported")
        if issuer != self._about()["issuer"] and (issuer is not None or promised):
            raise ValueError("the code is another provider's")

    def _check_claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token, id_token as OpenID Connect Core 3.1.3.7 wants it."""
        keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri")))
        decoded = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self._about()["issuer"]},
            "aud": {"essential": True, "value": self._client_id},
            "nonce": {"essential": True, "value": nonce},
            "sub": {"essential": True},
        }
        about = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        id_token = CodeIDToken(decoded.claims, decoded.header, options, about)
        id_token.validate(leeway=10)
        return dict(id_token)

    def _more(self, token: Any, subject: Any) -> dict[str, Any]:
        """What the user info endpoint adds, if it is about the same subject (OpenID Connect Core 5.3.2)."""
        if not self._about().get("userinfo_endpoint"):
            return {}
        said = self._get(self._endpoint("userinfo_endpoint"), token)
        if said["sub"] != subject:
            raise ValueError("the user info is about somebody else")
        # An address and whether it is proven are from one place.
        return {"email_verified": None} | {name: value for name, value in said.items() if name not in PROTOCOL}

    def _session(self, token: Any = None) -> OAuth2Session:
        session = OAuth2Session(
            self._client_id,
            self._client_secret,
            scope="openid email profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
            token=token,
            default_timeout=TIMEOUT,
        )
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            session.mount(scheme, _LimitedAdapter())
        return session

    def _about(self) -> dict[str, Any]:
        if time.monotonic() > self._until:
            issuer = self._issuer.rstrip("/")
            described = self._get(f"{issuer}/.well-known/openid-configuration")
            if described["issuer"].rstrip("/") != issuer:
                raise ValueError("the provider says that it is another")
            self._described, self._until = described, time.monotonic() + KEEP
        return self._described

    def _endpoint(self, name: str) -> str:
        """An address that the provider names: https, or of the same origin as itself."""
        address = str(self._about()[name])
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

    def _ask(self, work: Callable[[], Result]) -> Result:
        """Call *work* in a thread, for which we wait so long and not longer; and in no more than so many."""
        if not self._places.acquire(timeout=1):
            raise self._away("too many wait for it")
        done: queue.SimpleQueue[Result | Exception] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put(work())
            except Exception as error:  # of whatever library reads what it says: it is not to be believed
                done.put(error)
            finally:
                self._places.release()

        threading.Thread(target=run, name="provider", daemon=True).start()
        try:
            result = done.get(timeout=PATIENCE)
        except queue.Empty:
            raise self._away("too slow") from None
        if isinstance(result, RequestException) and not isinstance(result, ValueError):
            raise self._away(str(result)) from result
        if isinstance(result, Exception):
            log.warning("provider", issuer=self._issuer, detail=f"{type(result).__name__}: {result}"[:300])
            raise Forbidden("the provider's answer cannot be believed") from result
        return result

    def _away(self, why: str) -> Problem:
        log.error("provider", issuer=self._issuer, detail=why[:300])
        return Problem("unavailable", "the provider does not answer right now")


class _LimitedAdapter(HTTPAdapter):
    """Reads an answer while it is small, and as it is: what is compressed may be any size."""

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        response = super().send(request, *arguments, **{**options, "stream": True})
        with response.raw as raw:
            body = raw.read(MOST_BYTES + 1, decode_content=False)
        if len(body) > MOST_BYTES or response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ValueError(f"{request.url}: more than {MOST_BYTES} bytes, or compressed")
        response.raw = BytesIO(body)
        return response
