"""Logging in: slowed down and never locked, telling nothing apart."""

import math
import time

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.audit import RequestContext
from mergepoint.auth.credentials.login import NETWORK, PAIR
from mergepoint.auth.errors import InvalidLogin
from mergepoint.auth.limits.throttle import Rate
from tests.auth.visitors import HERE, PASSWORD, Clock, make


def from_(address: str) -> RequestContext:
    return RequestContext(address=address)


def fails(auth: Auth, login: str, password: str = "wrong password", address: str = "192.0.2.1") -> bool:
    try:
        auth.login.check(login, password, from_(address))
    except InvalidLogin:
        return True
    return False


def test_the_same_person_by_every_spelling(auth: Auth) -> None:
    make(auth, "Ädä", email="Ada.Lovelace@Example.COM")
    for login in (
        "Ädä",
        "ädä",
        "ÄDÄ",
        "A\u0308da\u0308",
        " ädä ",
        "ada.lovelace@example.com",
        "ADA.LOVELACE@EXAMPLE.COM",
    ):
        assert auth.login.check(login, PASSWORD, HERE).name == "Ädä"


@pytest.mark.parametrize("other", ["ada", "ADA", "ＡＤＡ", "ａda", " ada "])
def test_a_name_is_taken_in_every_spelling(auth: Auth, other: str) -> None:
    make(auth, "Ada")
    with pytest.raises(ValueError, match="taken"):
        make(auth, other)


def test_guessing_at_one_account_is_slowed_by_whatever_name(auth: Auth, clock: Clock) -> None:
    make(auth, "ada", email="ada@example.com")
    spellings = ["ada", "ADA", "ａｄａ", "ada@example.com", "Ada@EXAMPLE.com"]
    for number in range(PAIR.burst):
        assert fails(auth, spellings[number % 5])
    for spelling in spellings:
        assert fails(auth, spelling, PASSWORD)  # right, but not looked at
    assert not fails(auth, "ada", PASSWORD, "198.51.100.9")  # whoever sits elsewhere does not notice
    clock.pass_(PAIR.every)
    assert not fails(auth, "ada", PASSWORD)


def test_who_mistyped_is_not_held_against_after_success(auth: Auth) -> None:
    make(auth)
    for _ in range(3):
        for _ in range(PAIR.burst - 1):
            assert fails(auth, "ada")
        assert not fails(auth, "ada", PASSWORD)


@pytest.mark.parametrize("names", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_bogus_names_lock_nobody_out(auth: Auth, clock: Clock, names: int) -> None:
    make(auth, "ada")
    make(auth, "lin")
    assert not fails(auth, "ada", PASSWORD)
    for number in range(names):
        clock.pass_(0.01)
        assert fails(auth, f"bogus{number}")
    assert not fails(auth, "ada", PASSWORD)  # known here: at once, in the middle of it
    assert not fails(auth, "lin", PASSWORD, "198.51.100.9")
    clock.pass_(2)
    assert not fails(auth, "lin", PASSWORD)  # unknown here: when the flood has ended


def test_names_from_one_network_are_slowed_whatever_they_are(auth: Auth) -> None:
    tried = sum(auth.login._may_try(f"name {number}", HERE) for number in range(300))
    assert NETWORK.burst <= tried <= NETWORK.burst + 3
    assert auth.login._may_try("name x", from_("198.51.100.9"))


def test_an_ipv6_customer_is_one_network(auth: Auth) -> None:
    tried = sum(auth.login._may_try(f"name {n}", from_(f"2001:db8::{n:x}")) for n in range(150))
    assert NETWORK.burst <= tried <= NETWORK.burst + 3
    assert RequestContext("::ffff:192.0.2.1").network == "192.0.2.1"


def test_an_attack_is_one_line_a_minute_in_the_log(auth: Auth) -> None:
    for number in range(300):
        auth.login._may_try(f"name {number}", HERE)
    assert len(auth.audit.read(event="login_throttled")) == 1


def test_unknown_wrong_and_throttled_cannot_be_told_apart(evenly: Auth, app: Flask) -> None:
    """Not by their answers, and not by when these come: at the end of a refusal interval, whatever was done in it."""
    begun: list[float] = []
    slept: list[float] = []
    evenly.login._timer = lambda: begun.append(time.monotonic()) or begun[-1]  # type: ignore[func-returns-value]
    evenly.login._sleep = slept.append
    make(evenly, "ada")
    make(evenly, "lin")
    evenly.login._pair = Rate(6, 1000)
    intervals: dict[str, float] = {}
    seen = set()
    for number in range(5):
        fails_fast(evenly, "lin")
        for kind, login in (("unknown", f"nobody{number}"), ("wrong", "ada"), ("throttled", "lin")):
            client = app.test_client()
            begun.clear()
            slept.clear()
            reply = client.post("/auth/login", json={"login": login, "password": "wrong password"})
            [began, ended], [waited] = begun, slept
            intervals[kind] = (ended + waited - began) / evenly.login._refusal_interval
            about = {name: value for name, value in reply.headers if name not in ("X-Request-Id", "Server-Timing")}
            body = {name: value for name, value in reply.get_json().items() if name != "request_id"}
            seen.add((reply.status_code, str(sorted(about.items())), str(body)))
            assert waited > 0
            assert intervals[kind] == pytest.approx(max(math.ceil((ended - began) / evenly.login._refusal_interval), 1))
    assert len(seen) == 1
    assert intervals.keys() == {"unknown", "wrong", "throttled"}


def fails_fast(auth: Auth, login: str) -> None:
    for _ in range(8):
        auth.login._may_try(f"user {auth.accounts.find(login).id}", from_("127.0.0.1"))  # type: ignore[union-attr]


def test_a_disabled_account_is_as_none(auth: Auth) -> None:
    user = make(auth)
    auth.accounts.set_disabled(user.id, True, HERE)
    assert fails(auth, "ada", PASSWORD)


def test_a_hash_of_another_cost_is_replaced_on_login(auth: Auth) -> None:
    from mergepoint.auth.accounts.passwords import Passwords

    old = make(auth)
    before = auth.accounts.password_of(old.id)
    auth.login._passwords = auth.accounts._passwords = Passwords(memory_kib=128, passes=1)
    assert not fails(auth, "ada", PASSWORD)
    after = auth.accounts.password_of(old.id)
    assert before != after
    assert "m=128" in str(after)
    assert not fails(auth, "ada", PASSWORD)


@pytest.mark.parametrize(
    "login",
    ["", " ", "\0", "a" * 5000, "\ud800", "' OR 1=1 --", "ada\n", "@", "a@b@c", "\u202eada", "%00", "x" * 300 + "@b.c"],
)
def test_no_name_is_too_strange_to_be_refused(app: Flask, login: str) -> None:
    reply = app.test_client().post("/auth/login", json={"login": login, "password": "wrong password"})
    assert reply.status_code in (400, 401, 422)


@pytest.mark.parametrize("password", ["", "short", "a" * 1001, "aaaaaaaaaaaa", "ada", "ADA@example.com"])
def test_a_password_that_is_easy_to_guess_is_not_taken(auth: Auth, password: str) -> None:
    with pytest.raises(ValueError):
        make(auth, "ada", email="ada@example.com", password=password)


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password(auth: Auth) -> None:
    make(auth, "ada", password="pa\u0301ssword \u00fcber")
    assert not fails(auth, "ada", "p\u00e1ssword u\u0308ber")


def test_the_shipped_cost_is_at_least_what_owasp_asks_for(tmp_path: object) -> None:
    from mergepoint.auth.accounts.passwords import Passwords

    assert "$argon2id$v=19$m=19456,t=2,p=1$" in Passwords().hash("x" * 12)
