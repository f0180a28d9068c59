"""API keys: recognisable, checkable offline, as good as their scopes, rate and time."""

import re
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from mergepoint.auth import Auth, is_well_formed
from mergepoint.auth.access.gate import Credentials
from mergepoint.auth.accounts.user import User
from mergepoint.auth.credentials.keys import BASE62, new_secret
from mergepoint.auth.errors import Forbidden, Invalid, InvalidCredential, NotFound, RateExceeded
from tests.auth.visitors import HERE, Clock, make


@pytest.fixture
def ada(auth: Auth) -> User:
    return make(auth)


def enter(auth: Auth, secret: str, policy: str = "user", service: str = "jobs") -> None:
    auth.gate.decide(policy, service, Credentials(bearer=secret))


def test_a_key_has_its_form_and_a_checksum() -> None:
    seen = {new_secret() for _ in range(200)}
    assert len(seen) == 200
    for secret in seen:
        assert re.fullmatch(r"mp_[0-9A-Za-z]{36}", secret)
        number = 0
        for digit in secret[33:]:
            number = number * 62 + BASE62.index(digit)
        assert number == zlib.crc32(secret[3:33].encode())
        assert is_well_formed(secret)


def test_one_wrong_letter_is_noticed_offline() -> None:
    secret = new_secret()
    for place in range(3, 39):
        letter = "a" if secret[place] != "a" else "b"
        assert not is_well_formed(secret[:place] + letter + secret[place + 1 :])


def test_only_the_hash_is_stored(auth: Auth, ada: User) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=["jobs"])
    token = auth.sessions.begin(ada, HERE, how="test")
    with auth.store.read() as connection:
        tables = ("users", "sessions", "keys", "audit", "throttle", "spent")
        everything = str([connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables])
    assert secret not in everything
    assert secret[3:33] not in everything
    assert token not in everything


@pytest.mark.parametrize(
    ("scopes", "policy", "service", "may"),
    [
        (["jobs"], "user", "jobs", True),
        (["jobs"], "user", "wiki", False),
        (["jobs"], "optional", "wiki", False),
        (["jobs"], "public", "wiki", True),
        (["jobs"], "scope:jobs:write", "jobs", True),
        (["jobs:write"], "scope:jobs:write", "jobs", True),
        (["jobs:read"], "scope:jobs:write", "jobs", False),
        (["jobs:write"], "user", "jobs", False),
        (["jobs"], "admin", "jobs", False),
        (["jobs", "admin"], "admin", "jobs", False),
    ],
)
def test_a_key_may_what_its_scopes_say(
    auth: Auth, ada: User, scopes: list[str], policy: str, service: str, may: bool
) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=scopes)
    if may:
        enter(auth, secret, policy, service)
    else:
        with pytest.raises(Forbidden):
            enter(auth, secret, policy, service)


def test_a_key_of_an_administrator_is_none_without_the_scope(auth: Auth) -> None:
    root = make(auth, "root", admin=True)
    plain, _ = auth.keys.create(root, HERE, name="x", scopes=["jobs"])
    full, _ = auth.keys.create(root, HERE, name="y", scopes=["jobs", "admin"])
    with pytest.raises(Forbidden):
        enter(auth, plain, "admin")
    enter(auth, full, "admin")


def test_a_key_is_good_until_it_expires_or_is_revoked(auth: Auth, ada: User, clock: Clock) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=["jobs"], expires=clock() + 10)
    other, key = auth.keys.create(ada, HERE, name="y", scopes=["jobs"])
    enter(auth, secret)
    clock.pass_(10)
    with pytest.raises(InvalidCredential):
        enter(auth, secret)
    enter(auth, other)
    auth.keys.revoke(ada.id, key.id, HERE)
    with pytest.raises(InvalidCredential):
        enter(auth, other)


def test_rotation_overlaps(auth: Auth, ada: User, clock: Clock) -> None:
    old, key = auth.keys.create(ada, HERE, name="x", scopes=["jobs"], rate=100)
    new, successor = auth.keys.rotate(ada.id, key.id, HERE, overlap=60)
    assert (successor.name, successor.scopes, successor.rate) == ("x", ("jobs",), 100)
    for secret in (old, new):
        enter(auth, secret)
    clock.pass_(60)
    enter(auth, new)
    with pytest.raises(InvalidCredential):
        enter(auth, old)


def test_a_key_is_used_as_often_as_its_rate_says(auth: Auth, ada: User, clock: Clock) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=["jobs"], rate=60)
    passed, waits = 0, []
    for _ in range(120):
        for _ in range(3):
            try:
                enter(auth, secret)
                passed += 1
            except RateExceeded as error:
                waits.append(error.retry_after)
        clock.pass_(0.5)
    assert 60 <= passed <= 67
    assert 0 < min(waits) <= max(waits) <= 1.001


def test_the_rate_holds_for_all_threads_together(auth: Auth, ada: User) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=["jobs"], rate=100)

    def once(_number: int) -> bool:
        try:
            enter(auth, secret)
        except RateExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(once, range(60))) == 10


def test_when_it_was_used_is_told_by_the_minute(auth: Auth, ada: User, clock: Clock) -> None:
    secret, _ = auth.keys.create(ada, HERE, name="x", scopes=["jobs"])
    assert auth.keys.list(ada.id)[0].used is None
    enter(auth, secret)
    first = auth.keys.list(ada.id)[0].used
    clock.pass_(59)
    enter(auth, secret)
    assert auth.keys.list(ada.id)[0].used == first
    clock.pass_(1)
    enter(auth, secret)
    assert auth.keys.list(ada.id)[0].used == clock()


@pytest.mark.parametrize("secret", ["", "mp_", "mp_" + "a" * 36, "ms_x", "x" * 5000, "mp_\u0661" + "a" * 35])
def test_what_is_no_key_is_refused(auth: Auth, secret: str) -> None:
    with pytest.raises(InvalidCredential):
        enter(auth, secret)


@pytest.mark.parametrize("scopes", [[], ["Jobs"], ["jobs:"], ["jobs:a:b"], [""], ["*"], ["jobs write"], ["a" * 40]])
def test_scopes_are_checked(auth: Auth, ada: User, scopes: list[str]) -> None:
    with pytest.raises(Invalid):
        auth.keys.create(ada, HERE, name="x", scopes=scopes)


def test_the_keys_of_others_are_not_there(auth: Auth, ada: User) -> None:
    _, key = auth.keys.create(ada, HERE, name="x", scopes=["jobs"])
    eve = make(auth, "eve")
    with pytest.raises(NotFound):
        auth.keys.revoke(eve.id, key.id, HERE)
    with pytest.raises(NotFound):
        auth.keys.rotate(eve.id, key.id, HERE, overlap=1)
    assert auth.keys.list(eve.id) == []
