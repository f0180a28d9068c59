"""Who asks: an identity for us, or the network of the address; and no page of another site by its user's session."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mergepoint.jobs.errors import Forbidden, LoginRequired
from mergepoint.jobs.identities import Identities

KEY = Ed25519PrivateKey.generate()
ADDRESS = {"X-Real-IP": "10.0.0.9"}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(**claims: object) -> str:
    now = int(time.time())
    whole = {"sub": "7", "name": "ada", "aud": "jobs", "iat": now, "exp": now + 60, **claims}
    parts = ({"alg": "EdDSA", "kid": "k", "typ": "JWT"}, whole)
    signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{encode(KEY.sign(signed.encode()))}"


@pytest.fixture
def identities() -> Identities:
    return Identities({"k": KEY.public_key().public_bytes_raw()}.get)


def test_an_identity_is_a_user(identities: Identities) -> None:
    owner = identities.owner("POST", {**ADDRESS, "Mergepoint-Identity": token()})
    assert (owner.key, owner.name, owner.network) == ("user:7", "ada", "10.0.0.9")


@pytest.mark.parametrize("value", ["", "nobody"])
def test_without_one_it_is_a_network(identities: Identities, value: str) -> None:
    assert identities.owner("POST", {**ADDRESS, "Mergepoint-Identity": value}).key == "net:10.0.0.9"


@pytest.mark.parametrize("value", [token(aud="wiki"), token(exp=int(time.time()) - 1), token()[:-4] + "AAAA", "x.y.z"])
def test_an_identity_that_is_not_good_is_no_anonymous_caller(identities: Identities, value: str) -> None:
    with pytest.raises(LoginRequired):
        identities.asker("GET", {**ADDRESS, "Mergepoint-Identity": value})


def test_nobody_may_have_jobs_where_that_is_off(identities: Identities) -> None:
    closed = Identities(lambda _kid: None, anonymous=False)
    with pytest.raises(LoginRequired):
        closed.owner("POST", ADDRESS)
    assert closed.asker("GET", ADDRESS).user is None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_cannot_use_a_session(identities: Identities, site: str) -> None:
    by_session = {**ADDRESS, "Sec-Fetch-Site": site, "Mergepoint-Identity": token()}
    with pytest.raises(Forbidden):
        identities.asker("DELETE", by_session)
    assert identities.asker("GET", by_session).user == "7"
    by_key = {**by_session, "Mergepoint-Identity": token(scope="jobs")}  # a browser does not send keys by itself
    assert identities.asker("DELETE", by_key).user == "7"
