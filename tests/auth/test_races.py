"""What two do at the same time: as if one had come after the other, in whichever order."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from mergepoint.auth import Auth
from mergepoint.auth.accounts.passwords import Passwords
from mergepoint.auth.errors import Taken
from tests.auth.visitors import HERE, PASSWORD, Browser, make

OTHER = "another horse battery"


def meanwhile(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, happens: Callable[[], object]) -> None:
    """Let something happen when *owner* has done *name* for the first time, before its caller goes on."""
    does, pending = getattr(owner, name), [happens]

    def wrapped(*arguments: object, **named: object) -> object:
        done = does(*arguments, **named)
        if pending:
            pending.pop()()
        return done

    monkeypatch.setattr(owner, name, wrapped)


def together(*calls: Callable[[], object]) -> list[BaseException | None]:
    """Call all at the same time; return what each raised."""
    barrier, raised = threading.Barrier(len(calls)), [None] * len(calls)

    def work(number: int) -> None:
        barrier.wait()
        try:
            calls[number]()
        except BaseException as error:
            raised[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return list(raised)


def test_a_password_that_was_changed_while_it_was_checked_begins_no_session(
    auth: Auth, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make(auth)
    change = lambda: auth.accounts.set_password(ada, OTHER, HERE, how="test")  # noqa: E731
    meanwhile(monkeypatch, auth.login, "_remember", change)
    browser.get("/auth/login")
    assert browser.submit("/auth/login", login="ada", password=PASSWORD).status_code == 401
    assert auth.sessions.list(ada.id) == []
    assert browser.submit("/auth/login", login="ada", password=OTHER).status_code == 303


def test_a_password_that_is_hashed_again_meanwhile_is_the_same(auth: Auth, browser: Browser) -> None:
    ada = make(auth)
    old = Passwords(memory_kib=128, passes=1).hash(PASSWORD)
    with auth.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE users SET password = '{old}' WHERE id = {ada.id}")
    assert browser.log_in().status_code == 303


def test_a_second_factor_begins_no_session_when_the_first_was_ended_meanwhile(
    auth: Auth, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make(auth)
    with auth.store.write() as connection:
        [code, *_] = auth.factors.recover(connection, ada.id)
        value = "'x'" if auth.store.is_sqlite else "'\\x78'"
        connection.exec_driver_sql(f"UPDATE users SET totp = {value}")
    browser.log_in()
    browser.get("/auth/second-factor")
    meanwhile(monkeypatch, auth.factors, "check", lambda: auth.sessions.end_all(ada.id, HERE))
    assert browser.submit("/auth/second-factor/check", code=code).status_code == 401
    assert auth.sessions.list(ada.id) == []


def test_a_handover_begins_no_session_when_its_own_was_ended_meanwhile(
    auth: Auth, app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make(auth)
    browser.log_in()
    token = browser.send("POST", "/auth/handover", {"audience": "x"}).get_json()["token"]
    meanwhile(monkeypatch, auth.sessions, "still", lambda: auth.sessions.end_all(ada.id, HERE))
    body = {"token": token, "audience": "x"}
    assert app.test_client().post("/auth/handover/redeem", json=body).status_code in (401, 403)
    assert auth.sessions.list(ada.id) == []


def test_ending_all_sessions_ends_those_that_begin_at_the_same_time(auth: Auth) -> None:
    ada = make(auth)
    for _ in range(10):
        first = auth.sessions.still(ada.id, auth.sessions.find(auth.sessions.begin(ada, HERE, how="test")).id)  # type: ignore[union-attr]
        begin = lambda: auth.sessions.begin(ada, HERE, how="handover", after=first)  # noqa: B023, E731
        together(begin, lambda: auth.sessions.end_all(ada.id, HERE), begin)
        assert auth.sessions.list(ada.id) == []


def test_there_is_an_administrator_left_whatever_happens_at_the_same_time(auth: Auth) -> None:
    for number in range(5):
        one, two = (make(auth, f"{name}{number}", admin=True) for name in ("one", "two"))
        for old in auth.accounts.list():
            if old.admin and old.id not in (one.id, two.id):
                auth.accounts.set_admin(old.id, False, HERE)
        together(
            lambda: auth.accounts.set_admin(one.id, False, HERE),  # noqa: B023
            lambda: auth.accounts.set_disabled(two.id, True, HERE),  # noqa: B023
        )
        assert [user.name for user in auth.accounts.list() if user.admin and not user.disabled]


def test_of_two_links_one_sets_the_password(auth: Auth, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make(auth)
    first, second = (auth.password_link(ada).partition("token=")[2] for _ in range(2))
    client = app.test_client()
    use = lambda token, password: client.post("/auth/password", json={"token": token, "new_password": password})  # noqa: E731
    meanwhile(monkeypatch, auth.accounts, "_hash", lambda: together(lambda: use(second, OTHER)))
    assert use(first, "a third password").status_code == 403
    assert auth.login.check("ada", OTHER, HERE)


@pytest.mark.parametrize("fields", [{"name": "Ada"}, {"name": "{}", "email": "Ada@example.com"}])
def test_of_two_who_want_the_same_one_gets_it_and_one_is_told(auth: Auth, fields: dict[str, str]) -> None:
    calls = [lambda n=n: make(auth, **{**fields, "name": fields["name"].format(n)}) for n in "abcd"]
    raised = together(*calls)
    assert sum(one is None for one in raised) == 1
    assert {type(one) for one in raised if one} == {Taken}


def test_of_two_who_change_to_the_same_address_one_is_told(auth: Auth) -> None:
    users = [make(auth, name) for name in "abcdefgh"]
    for number in range(5):
        calls = [lambda user=user: auth.accounts.set_email(user, f"x{number}@example.com", HERE) for user in users]  # noqa: B023
        raised = together(*calls)
        assert sum(one is None for one in raised) == 1
        assert {type(one) for one in raised if one} == {Taken}


def test_who_comes_from_a_provider_twice_at_the_same_time_is_one_user(auth: Auth) -> None:
    found: list[int] = []
    claims = {"sub": "s", "preferred_username": "grace"}
    come = lambda: found.append(auth.federation.user("p", claims, HERE, may_register=True).id)  # noqa: E731
    assert together(*[come] * 6) == [None] * 6
    assert len(set(found)) == 1
    assert len(auth.accounts.list()) == 1
