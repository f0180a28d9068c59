"""The signed identity: one algorithm, one audience, one minute; the same verdict in Python and Ruby."""

import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mergepoint.auth import IdentityKeys
from mergepoint.auth.base64url import encode
from mergepoint.kit.identity import InvalidIdentity, Keys, read_keys, verify
from tests.auth.visitors import Clock
from tests.servers import ROOT, need

NOW = 1_800_000_000
OWN = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
RAW = OWN.public_key().public_bytes_raw()
JWKS = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": encode(RAW), "kid": "one", "alg": "EdDSA", "use": "sig"}]}
CLAIMS = {"iss": "http://localhost", "sub": "1", "aud": "wiki", "iat": NOW, "exp": NOW + 60, "name": "ada"}
HEAD = {"alg": "EdDSA", "kid": "one", "typ": "JWT"}
NAMED = {**CLAIMS, "email": "ädä𐊀@example.com"}


def packed(value: object) -> str:
    return encode(json.dumps(value).encode())


def token(
    head: Mapping[str, object] = HEAD,
    claims: object = CLAIMS,
    sign: Callable[[bytes], bytes] = OWN.sign,
) -> str:
    return signed(packed(head), packed(claims), sign)


def signed(head: str, claims: str, sign: Callable[[bytes], bytes] = OWN.sign) -> str:
    return f"{head}.{claims}.{encode(sign(f'{head}.{claims}'.encode()))}"


def with_claims(**changes: object) -> str:
    return token(claims={name: value for name, value in {**CLAIMS, **changes}.items() if value != "absent"})


def with_head(**changes: object) -> str:
    return token(head={name: value for name, value in {**HEAD, **changes}.items() if value != "absent"})


def hs256(signed: bytes) -> bytes:
    return hmac.digest(RAW, signed, hashlib.sha256)


GOOD = {
    "as it is made": token(),
    "for a second more": with_claims(iat=NOW - 59, exp=NOW + 1),
    "from a clock that is ahead": with_claims(iat=NOW + 5, exp=NOW + 65),
    "without a type": with_head(typ="absent"),
    "with an address in UTF-8": signed(packed(HEAD), encode(json.dumps(NAMED, ensure_ascii=False).encode())),
    "with more claims": with_claims(email="a@b", admin=True),
}
OTHER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
BAD = {
    "nothing": "",
    "no token": "a.b",
    "four parts": token() + ".x",
    "empty parts": "..",
    "alg none": with_head(alg="none").rpartition(".")[0] + ".",
    "alg none, signed": with_head(alg="none"),
    "alg in other letters": with_head(alg="eddsa"),
    "alg missing": with_head(alg="absent"),
    "HS256 with the public key": token({**HEAD, "alg": "HS256"}, sign=hs256),
    "HS256 called EdDSA": token(sign=hs256),
    "RS256": with_head(alg="RS256"),
    "a list of algs": with_head(alg=["EdDSA"]),
    "another key": token(sign=OTHER.sign),
    "unknown kid": with_head(kid="two"),
    "kid missing": with_head(kid="absent"),
    "kid that is no word": with_head(kid={"one": 1}),
    "kid with a path": with_head(kid="../one"),
    "its own key in jwk": token({**HEAD, "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}, sign=OTHER.sign),
    "jwk beside a good signature": with_head(jwk=JWKS["keys"][0]),
    "jku": with_head(jku="http://127.0.0.1/keys"),
    "x5u": with_head(x5u="http://127.0.0.1/cert"),
    "x5c": with_head(x5c=["AA"]),
    "unknown crit": with_head(crit=["exp"], exp=1),
    "empty crit": with_head(crit=[]),
    "b64": with_head(b64=False),
    "zip": with_head(zip="DEF"),
    "expired": with_claims(iat=NOW - 60, exp=NOW),
    "from the future": with_claims(iat=NOW + 6, exp=NOW + 60),
    "too long a life": with_claims(exp=NOW + 61),
    "no end": with_claims(exp="absent"),
    "no beginning": with_claims(iat="absent"),
    "an end that is text": with_claims(exp=str(NOW + 60)),
    "an end that is a fraction": with_claims(exp=NOW + 59.5),
    "an end that is true": with_claims(iat=0, exp=True),
    "another audience": with_claims(aud="jobs"),
    "an audience in other letters": with_claims(aud="Wiki"),
    "several audiences": with_claims(aud=["wiki", "jobs"]),
    "no audience": with_claims(aud="absent"),
    "no subject": with_claims(sub="absent"),
    "a subject that is a number": with_claims(sub=1),
    "claims that are a list": token(claims=[CLAIMS]),
    "claims that are nothing": token(claims=None),
    "a head that is a list": token(head=["EdDSA"]),  # type: ignore[arg-type]
    "a changed claim": token().split(".")[0] + "." + packed({**CLAIMS, "sub": "2"}) + "." + token().split(".")[2],
    "half a signature": token()[:-43],
    "a signature in another spelling": token() + "==",
    "bits left over": token()[:-1] + ("B" if token()[-1] == "A" else "A"),
    "white space": " " + token(),
    "a line end": token() + "\n",
    "padding": token().replace(".", "=.", 1),
    "base64 of the other alphabet": token().replace("_", "/").replace("-", "+") + "+",
    "not ASCII": token() + "é",
    "oversized": with_claims(name="x" * 5000),
    "deep": f"{encode(b'[' * 2000)}.{packed(CLAIMS)}.AA",
    "no JSON": f"{encode(b'{')}.{packed(CLAIMS)}.AA",
}


def python(text: str) -> bool:
    try:
        verify(text, audience="wiki", find_key=read_keys(JWKS).get, now=lambda: NOW)
    except InvalidIdentity:
        return False
    return True


@pytest.mark.parametrize("name", GOOD)
def test_a_good_one_is_believed(name: str) -> None:
    claims = verify(GOOD[name], audience="wiki", find_key=read_keys(JWKS).get, now=lambda: NOW)
    assert (claims["sub"], claims["name"]) == ("1", "ada")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_one_is_not(name: str) -> None:
    assert not python(BAD[name])


RUBY = """
require "mergepoint"
asked = JSON.parse($stdin.read)
keys = Mergepoint::Identity.keys(JSON.generate(asked["jwks"]))
verdicts = asked["tokens"].transform_values do |token|
  Mergepoint::Identity.verify(token, audience: "wiki", keys:, now: asked["now"])["name"] == "ada"
rescue Mergepoint::Identity::Invalid
  false
end
puts JSON.generate(verdicts)
"""


def test_ruby_is_of_the_same_opinion() -> None:
    need("ruby")
    asked = json.dumps({"jwks": JWKS, "now": NOW, "tokens": GOOD | BAD})
    command = ["ruby", "-w", "-I", str(ROOT / "clients/ruby/lib"), "-e", RUBY]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout) == dict.fromkeys(GOOD, True) | dict.fromkeys(BAD, False)


@pytest.fixture
def keys(tmp_path: pathlib.Path, clock: Clock) -> IdentityKeys:
    return IdentityKeys(tmp_path, "http://localhost", clock=clock)


def believed(keys: IdentityKeys, text: str, clock: Clock) -> dict[str, Any]:
    return verify(text, audience="wiki", find_key=read_keys(keys.jwks()).get, now=clock)


def test_what_is_signed_is_believed_for_a_minute(keys: IdentityKeys, clock: Clock) -> None:
    text = keys.sign({"sub": "1"}, "wiki")
    clock.pass_(59)
    assert believed(keys, text, clock)["iss"] == "http://localhost"
    clock.pass_(1)
    with pytest.raises(InvalidIdentity):
        believed(keys, text, clock)


def test_another_library_believes_it_too(keys: IdentityKeys, clock: Clock) -> None:
    joserfc = pytest.importorskip("joserfc.jwt")
    from joserfc.jwk import KeySet

    known = KeySet.import_key_set(keys.jwks())
    with pytest.warns(match="RFC 9864"):
        found = joserfc.decode(keys.sign({"sub": "1"}, "wiki"), known, algorithms=["EdDSA"])
    assert found.claims["aud"] == "wiki"


def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(
    tmp_path: pathlib.Path, keys: IdentityKeys, clock: Clock
) -> None:
    before = keys.sign({"sub": "1"}, "wiki")
    new = IdentityKeys(tmp_path, "http://localhost", clock=clock).rotate()
    keys.look_again()
    assert new in {key["kid"] for key in keys.jwks()["keys"]}
    assert kid(keys.sign({"sub": "1"}, "wiki")) == kid(before)
    clock.pass_(5)
    assert kid(keys.sign({"sub": "1"}, "wiki")) == new
    assert believed(keys, before, clock)
    clock.pass_(600)
    assert [key["kid"] for key in keys.jwks()["keys"]] == [new]


def test_rotating_often_keeps_every_key_that_still_signed(keys: IdentityKeys, clock: Clock) -> None:
    signed = []
    for _ in range(5):
        keys.rotate()
        keys.look_again()
        clock.pass_(6)
        signed.append(keys.sign({"sub": "1"}, "wiki"))
    assert len({kid(text) for text in signed}) == 5
    assert all(believed(keys, text, clock) for text in signed)


def test_the_private_keys_are_for_nobody_else(tmp_path: pathlib.Path, keys: IdentityKeys) -> None:
    keys.rotate()
    for file in tmp_path.glob("identity-keys.json"):
        assert file.stat().st_mode & 0o077 == 0
    assert "private" not in json.dumps(keys.jwks())


def test_keys_are_fetched_when_an_unknown_one_turns_up_and_not_more_often() -> None:
    fetched: list[str] = []
    sets = [{"keys": []}, JWKS]

    def fetch(url: str, _timeout: float) -> bytes:
        fetched.append(url)
        return json.dumps(sets[min(len(fetched), 2) - 1]).encode()

    found = Keys("http://auth/jwks.json", fetch=fetch)
    assert found.find("one") is None
    assert found.find("one") is None
    assert len(fetched) == 1
    found._fetched -= 2
    assert found.find("one") == RAW
    assert found.find("one") == RAW
    assert len(fetched) == 2


def test_keys_that_cannot_be_fetched_stay_as_they_were() -> None:
    answers = [json.dumps(JWKS).encode()]

    def fetch(_url: str, _timeout: float) -> bytes:
        if not answers:
            raise OSError("away")
        return answers.pop()

    found = Keys("http://auth/jwks.json", fetch=fetch)
    assert found.find("one") == RAW
    found._fetched -= 1000
    assert found.find("one") == RAW


GARBAGE = [b"", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"keys": 1}', b'{"keys": ["x"]}',
           http.client.BadStatusLine("x"), http.client.IncompleteRead(b""), http.client.LineTooLong("x")]  # fmt: skip


@pytest.mark.parametrize("said", GARBAGE, ids=lambda said: str(said)[:30])
def test_keys_that_cannot_be_read_stay_as_they_were(said: bytes | Exception) -> None:
    answers = [said, json.dumps(JWKS).encode()]

    def fetch(_url: str, _timeout: float) -> bytes:
        answer = answers.pop()
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = Keys("http://auth/jwks.json", fetch=fetch)
    assert found.find("one") == RAW
    found._fetched -= 1000
    assert found.find("one") == RAW
    assert not answers


def kid(text: str) -> str:
    head = text.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])
