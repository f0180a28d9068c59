"""Grants: what is done later in somebody's name is what they may do then, and nothing that another job may."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.access.gate import Credentials
from mergepoint.auth.accounts.user import User
from mergepoint.auth.credentials.keys import Key
from mergepoint.auth.errors import Forbidden, IdentityRefused, LoginRequired, NeverLater, ScopeMissing
from mergepoint.kit.identity import InvalidIdentity, read_keys, verify
from tests.auth.visitors import HERE, PASSWORD, Browser, Clock, make

JOB = "a-job-of-22-characters"


@pytest.fixture
def ada(auth: Auth) -> User:
    return make(auth)


@pytest.fixture
def session(auth: Auth, ada: User) -> Credentials:
    return Credentials(cookie=auth.sessions.begin(ada, HERE, how="test"))


def key_of(auth: Auth, user: User, *scopes: str, expires: float | None = None) -> tuple[Credentials, Key]:
    secret, key = auth.keys.create(user, HERE, name="x", scopes=scopes, expires=expires)
    return Credentials(bearer=secret), key


def grant_for(auth: Auth, credentials: Credentials, policy: str = "user", service: str = "wiki") -> str:
    found = auth.gate.decide_later(policy, service, credentials, JOB).grant
    assert found
    return found


def perform(auth: Auth, grant: str, policy: str = "user", service: str = "wiki", job: str = JOB) -> dict[str, object]:
    """Return what the service is told."""
    decision = auth.gate.decide_by_grant(policy, service, grant, job)
    assert decision.counted, "kept for nobody"
    assert decision.identity
    find = read_keys(auth.identities.jwks()).get
    return verify(decision.identity, audience=service, find_key=find, now=auth.clock)


def test_a_job_has_the_identity_of_its_asker_for_a_minute_and_says_who_acts(
    auth: Auth, ada: User, session: Credentials, clock: Clock
) -> None:
    told = perform(auth, grant_for(auth, session))
    assert (told["sub"], told["name"], told["aud"]) == (str(ada.id), "ada", "wiki")
    assert told["act"] == {"sub": "jobs"}
    assert told["exp"] == int(clock.now) + 60


def test_jobs_is_told_who_owns_a_job(auth: Auth, ada: User, session: Credentials) -> None:
    decision = auth.gate.decide_later("user", "wiki", session, JOB)
    assert decision.identity
    claims = verify(decision.identity, audience="jobs", find_key=read_keys(auth.identities.jwks()).get, now=auth.clock)
    assert claims["sub"] == str(ada.id)
    assert "act" not in claims


def test_nobody_has_no_grant(auth: Auth) -> None:
    decision = auth.gate.decide_later("optional", "jobs", Credentials(), JOB)
    assert (decision.grant, decision.identity) == (None, None)
    with pytest.raises(LoginRequired):
        auth.gate.decide_later("user", "wiki", Credentials(), JOB)


def test_a_key_needs_the_scope_jobs_and_that_of_the_service(auth: Auth, ada: User) -> None:
    with pytest.raises(ScopeMissing):
        grant_for(auth, key_of(auth, ada, "wiki")[0])
    with pytest.raises(Forbidden, match="'wiki'"):
        grant_for(auth, key_of(auth, ada, "jobs")[0])
    told = perform(auth, grant_for(auth, key_of(auth, ada, "wiki", "jobs")[0]))
    assert told["scope"] == "wiki jobs"


def test_what_is_for_administrators_never_runs_later(auth: Auth, session: Credentials) -> None:
    root = make(auth, "root", admin=True)
    credentials = Credentials(cookie=auth.sessions.begin(root, HERE, how="test"))
    with pytest.raises(NeverLater):
        grant_for(auth, credentials, "admin")
    grant = grant_for(auth, credentials)
    with pytest.raises(IdentityRefused):
        perform(auth, grant, "admin")
    assert perform(auth, grant)["admin"] is False


Change = Callable[[Auth, User], object]
LOST: dict[str, Change] = {
    "disabled": lambda auth, user: auth.accounts.set_disabled(user.id, True, HERE),
    "deleted": lambda auth, user: auth.accounts.delete(user.id, HERE),
    "another password": lambda auth, user: auth.accounts.set_password(user, PASSWORD + "!", HERE, how="test"),
}


@pytest.mark.parametrize("change", LOST.values(), ids=list(LOST))
@pytest.mark.parametrize("by", ["session", "key"])
def test_who_may_no_longer_be_here_has_nothing_done(auth: Auth, ada: User, change: Change, by: str) -> None:
    session = Credentials(cookie=auth.sessions.begin(ada, HERE, how="test"))
    grant = grant_for(auth, session if by == "session" else key_of(auth, ada, "wiki", "jobs")[0])
    perform(auth, grant)
    change(auth, ada)
    for policy in ("user", "optional", "scope:wiki"):
        with pytest.raises(IdentityRefused):
            perform(auth, grant, policy)


def test_logging_out_ends_no_job(auth: Auth, ada: User, session: Credentials) -> None:
    grant = grant_for(auth, session)
    auth.sessions.end_all(ada.id, HERE)
    assert perform(auth, grant)["sub"] == str(ada.id)


def test_a_revoked_or_expired_key_has_nothing_done(auth: Auth, ada: User, clock: Clock) -> None:
    credentials, key = key_of(auth, ada, "wiki", "jobs")
    grant = grant_for(auth, credentials)
    auth.keys.revoke(ada.id, key.id, HERE)
    with pytest.raises(IdentityRefused, match="revoked"):
        perform(auth, grant)
    grant = grant_for(auth, key_of(auth, ada, "wiki", "jobs", expires=clock.now + 100)[0])
    perform(auth, grant)
    clock.pass_(101)
    with pytest.raises(IdentityRefused, match="expired"):
        perform(auth, grant)


def test_a_rotated_key_has_done_what_it_asked_for_until_it_ends(auth: Auth, ada: User, clock: Clock) -> None:
    credentials, key = key_of(auth, ada, "wiki", "jobs")
    grant = grant_for(auth, credentials)
    auth.keys.rotate(ada.id, key.id, HERE, overlap=60)
    perform(auth, grant)
    clock.pass_(61)
    with pytest.raises(IdentityRefused):
        perform(auth, grant)


def test_a_key_reaches_no_more_services_later_than_now(auth: Auth, ada: User) -> None:
    grant = grant_for(auth, key_of(auth, ada, "wiki", "jobs")[0])
    for policy, service in (("user", "other"), ("scope:wiki-admin", "wiki"), ("optional", "other")):
        with pytest.raises(IdentityRefused, match="lacks the scope"):
            perform(auth, grant, policy, service)


def test_a_grant_is_for_one_job(auth: Auth, session: Credentials) -> None:
    grant = grant_for(auth, session)
    for job in ("another-job-of-22-char", "", JOB + "x"):
        with pytest.raises(IdentityRefused, match="another job"):
            perform(auth, grant, job=job)


def test_a_grant_ends_with_the_longest_session(auth: Auth, session: Credentials, clock: Clock) -> None:
    grant = grant_for(auth, session)
    clock.pass_(30 * 86400 - 1)
    perform(auth, grant)
    clock.pass_(2)
    with pytest.raises(IdentityRefused):
        perform(auth, grant)


def altered(grant: str, key: bytes = b"", head: dict[str, str] | None = None, **claims: object) -> str:
    """Return *grant* with other claims, signed with *key* or as before."""
    parts = grant.split(".")
    said = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) | claims
    parts[1] = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    if head:
        parts[0] = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    if key:
        mac = hmac.digest(key, ".".join(parts[:2]).encode(), hashlib.sha256)
        parts[2] = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return ".".join(parts)


def test_no_grant_can_be_made_or_altered(auth: Auth, ada: User, clock: Clock) -> None:
    grant = grant_for(auth, key_of(auth, ada, "wiki", "jobs")[0])
    identity = auth.gate.decide("user", "wiki", key_of(auth, ada, "wiki")[0]).identity
    assert identity
    bad = [
        altered(grant, scope="wiki jobs other"),
        altered(grant, exp=int(clock.now) + 10**9),
        altered(grant, sub="2"),
        altered(grant, key=b"guess" * 7),
        altered(grant, head={"alg": "none", "typ": "mergepoint-grant"}),
        grant[:-1] + ("A" if grant[-1] != "A" else "E"),
        grant.rpartition(".")[0] + ".",
        grant + "=",
        identity,
        "x" * 5000,
        "nobody",
        "é.é.é",
    ]
    for one in bad:
        with pytest.raises(IdentityRefused):
            perform(auth, one)
    perform(auth, grant)


def test_a_grant_is_no_identity(auth: Auth, session: Credentials) -> None:
    for audience in ("wiki", "jobs", "mergepoint-door"):
        with pytest.raises(InvalidIdentity):
            verify(
                grant_for(auth, session),
                audience=audience,
                find_key=read_keys(auth.identities.jwks()).get,
                now=auth.clock,
            )


def test_a_grant_holds_no_secret_of_its_user(auth: Auth, ada: User) -> None:
    credentials, _ = key_of(auth, ada, "wiki", "jobs")
    grant = grant_for(auth, credentials)
    said = base64.urlsafe_b64decode(grant.split(".")[1] + "==").decode()
    assert credentials.bearer
    assert credentials.bearer[3:33] not in said
    assert not re.search(re.escape(str(auth.accounts.password_of(ada.id))), said)


def test_nginx_is_told_why_a_grant_is_refused(app: Flask, auth: Auth, ada: User, session: Credentials) -> None:
    client = app.test_client(use_cookies=False)
    place = {"Mergepoint-Policy": "user", "Mergepoint-Audience": "wiki"}
    asked = {**place, "Mergepoint-Later": JOB, "Cookie": f"mergepoint={session.cookie}"}
    given = client.get("/auth/verify", headers=asked)
    assert given.status_code == 200
    used = {**place, "Mergepoint-Grant": given.headers["Mergepoint-Grant"], "Mergepoint-Job": JOB}
    assert client.get("/auth/verify", headers=used).headers["X-Accel-Expires"] == "0"
    refused = client.get("/auth/verify", headers={**used, "Mergepoint-Job": "x"})
    assert (refused.status_code, refused.headers["Mergepoint-Refusal"]) == (403, "identity_refused")
    admin = client.get("/auth/verify", headers={**asked, "Mergepoint-Policy": "admin"})
    assert (admin.status_code, admin.headers["Mergepoint-Refusal"]) == (403, "never_later")


def test_a_grant_is_worth_more_than_other_credentials(app: Flask, session: Credentials) -> None:
    """A bad one is not forgiven for a good session beside it."""
    headers = {
        "Mergepoint-Policy": "user", "Mergepoint-Audience": "wiki", "Cookie": f"mergepoint={session.cookie}",
        "Mergepoint-Grant": "a.b.c", "Mergepoint-Job": JOB,
    }  # fmt: skip
    assert app.test_client(use_cookies=False).get("/auth/verify", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_another_site_uses_no_session_for_a_job(
    app: Flask, session: Credentials, said: dict[str, str], status: int
) -> None:
    headers = {"Mergepoint-Policy": "optional", "Mergepoint-Audience": "jobs", "Mergepoint-Later": JOB, **said}
    client = app.test_client(use_cookies=False)
    answer = client.get("/auth/verify", headers={**headers, "Cookie": f"mergepoint={session.cookie}"})
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["Mergepoint-Refusal"] == "other_site"
    assert client.get("/auth/verify", headers=headers).status_code == 200, "nobody's session is used"


def test_the_state_folder_alone_signs_grants(auth: Auth, session: Credentials, tmp_path: Path) -> None:
    other = Auth(auth.store, tmp_path / "other", "http://localhost", passwords=auth.passwords, clock=auth.clock)
    with pytest.raises(IdentityRefused):
        perform(other, grant_for(auth, session))


def test_rotated_identity_keys_leave_grants_good(auth: Auth, session: Credentials, clock: Clock) -> None:
    grant = grant_for(auth, session)
    for _ in range(2):
        auth.identities.rotate()
        clock.pass_(700)
        auth.identities.look_again()
    perform(auth, grant)


def test_a_browser_is_not_told_of_grants(browser: Browser, ada: User) -> None:
    browser.log_in()
    assert "Mergepoint-Grant" not in browser.get("/auth/account").headers
