"""The clients and the commands, against the real service through nginx: keys, sessions, me, handover."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from mergepoint.client import ApiError, Client, Forbidden, Unauthorized
from mergepoint.kit.identity import Keys, verify
from tests.auth.place import Place, header
from tests.long import some
from tests.servers import ROOT, need, wait_for

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def password(place: Place) -> str:
    return place.command("create-user", "clara").split()[1]


def test_python_calls_everything(place: Place, password: str) -> None:
    anybody = Client(place.url)
    assert anybody.auth.me() is None
    with pytest.raises(Unauthorized):
        anybody.auth.keys()
    token = anybody.auth.login("clara", password)["token"]
    clara = Client(place.url, token)
    assert clara.auth.me()["name"] == "clara"  # type: ignore[index]
    assert sum(session["current"] for session in clara.auth.sessions()) == 1
    made = clara.auth.create_key("nightly", ["auth", "wiki"], rate=6000, days=1)
    assert clara.auth.check(made["secret"])
    assert not clara.auth.check(made["secret"][:-1])
    program = Client(place.url, made["secret"])
    assert program.auth.me()["name"] == "clara"  # type: ignore[index]
    with pytest.raises(Forbidden):
        program.auth.handover("game")
    successor = clara.auth.rotate_key(made["key"]["id"], overlap=0)
    mine = clara.auth.keys()
    assert successor["key"]["id"] in [key["id"] for key in mine]
    clara.auth.revoke_key(successor["key"]["id"])
    game = anybody.auth.redeem(clara.auth.handover("game"), "game")
    assert game["user"]["name"] == "clara"
    [there] = [session for session in clara.auth.sessions() if session["audience"] == "game"]
    clara.auth.end_session(there["id"])
    with pytest.raises(Unauthorized):
        Client(place.url, game["token"]).auth.sessions()
    assert clara.auth.end_sessions() >= 0
    clara.auth.logout()
    with pytest.raises(ApiError):
        clara.auth.sessions()


RUBY = """
require "mergepoint"
url, password = ARGV
anybody = Mergepoint::Client.new(url)
raise "somebody" unless anybody.auth.me.nil?

clara = Mergepoint::Client.new(url, api_key: anybody.auth.login("clara", password)["token"])
raise "not clara" unless clara.auth.me["name"] == "clara"
raise "no session" unless clara.auth.sessions.one? { _1["current"] }

made = clara.auth.create_key("nightly", scopes: %w[auth wiki], rate: 6000, days: 1)
raise "no key" unless clara.auth.check(made["secret"]) && !clara.auth.check(made["secret"].chop)

begin
  Mergepoint::Client.new(url, api_key: made["secret"]).auth.handover("game")
  raise "handed over"
rescue Mergepoint::Forbidden
  nil
end
successor = clara.auth.rotate_key(made["key"]["id"], overlap: 0)
clara.auth.revoke_key(successor["key"]["id"])
raise "still there" if clara.auth.keys.any? { _1["id"] == successor["key"]["id"] }

game = anybody.auth.redeem(clara.auth.handover("game"), audience: "game")
there = clara.auth.sessions.find { _1["audience"] == "game" }
clara.auth.end_session(there["id"])
begin
  Mergepoint::Client.new(url, api_key: game["token"]).auth.sessions
  raise "still in"
rescue Mergepoint::Unauthorized
  nil
end
clara.auth.end_sessions
keys = Mergepoint::Identity.keys(Net::HTTP.get(URI("#{url}/auth/jwks.json")))
raise "no keys" if keys.empty?

clara.auth.logout
puts "all well"
"""


def test_ruby_calls_everything(place: Place, password: str) -> None:
    need("ruby")
    command = ["ruby", "-w", "-I", str(ROOT / "clients/ruby/lib"), "-e", RUBY, place.url, password]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("all well\n", "")


def shell(place: Place, token: str, *arguments: str, text: str = "", status: int = 0) -> Any:
    environment = {"PATH": "/usr/bin:/bin", "MERGEPOINT_URL": place.url, "MERGEPOINT_API_KEY": token}
    command = [str(ROOT / "clients/shell/mergepoint"), "auth", *arguments]
    done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=20)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout or "null")


def test_the_shell_calls_everything(place: Place, password: str) -> None:
    token = shell(place, "", "login", "clara", text=f"{password}\n")["token"]
    shell(place, "", "login", "clara", text='a "wrong" \\ one', status=1)
    assert shell(place, token, "me")["user"]["name"] == "clara"
    made = shell(place, token, "create_key", "by night & day", "--scopes", "wiki jobs:write", "--rate", "60")
    assert (made["key"]["name"], made["key"]["scopes"]) == ("by night & day", ["wiki", "jobs:write"])
    successor = shell(place, token, "rotate_key", made["key"]["id"], "--overlap", "0")
    shell(place, token, "revoke_key", successor["key"]["id"])
    shell(place, token, "revoke_key", "../users", status=2)
    assert successor["key"]["id"] not in [key["id"] for key in shell(place, token, "keys")["keys"]]
    handover = shell(place, token, "handover", "game")["token"]
    game = shell(place, "", "redeem", "game", text=handover)["token"]
    assert [one["audience"] for one in shell(place, token, "sessions")["sessions"]].count("game") == 1
    [there] = [one for one in shell(place, game, "sessions")["sessions"] if one["current"]]
    shell(place, token, "end_session", there["id"])
    shell(place, game, "sessions", status=1)
    shell(place, token, "end_sessions")
    shell(place, token, "logout")
    shell(place, token, "sessions", status=1)


COMMANDS = {
    "python": [sys.executable, "-m", "mergepoint.client"],
    "ruby": ["ruby", "-w", str(ROOT / "clients/ruby/exe/mergepoint")],
}


@pytest.mark.parametrize("language", some(COMMANDS, always=["ruby"]))
def test_the_clients_are_commands_too(place: Place, password: str, language: str) -> None:
    need(COMMANDS[language][0])

    def call(key: str, *arguments: str, text: str = "", status: int = 0) -> Any:
        environment = {**os.environ, "MERGEPOINT_URL": place.url, "MERGEPOINT_API_KEY": key}
        command = [*COMMANDS[language], "auth", *arguments]
        done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=30)
        assert done.returncode == status, done.stderr
        assert bool(done.stderr) == bool(status)
        return json.loads(done.stdout or "null")

    token = call("", "login", "clara", text=f"{password}\n")["token"]
    assert call(token, "me")["name"] == "clara"
    made = call(token, "create_key", "by night", "--scopes", "wiki auth", "--rate", "60", "--days", "1.5")
    assert made["key"]["scopes"] == ["wiki", "auth"]
    assert call("", "check", text=made["secret"]) is True
    successor = call(token, "rotate_key", made["key"]["id"], "--overlap", "0")
    call(token, "revoke_key", successor["key"]["id"])
    assert successor["key"]["id"] not in [key["id"] for key in call(token, "keys")]
    game = call("", "redeem", "game", text=call(token, "handover", "game"))["token"]
    [there] = [one["id"] for one in call(game, "sessions") if one["current"]]
    call(token, "end_session", there)
    call(game, "sessions", status=1)
    call(token, "rotate_key", status=2)
    call(token, "nonsense", status=2)
    assert isinstance(call(token, "end_sessions"), int)
    call(token, "logout")


def test_a_link_by_the_command_line_sets_the_password_once(place: Place) -> None:
    place.command("create-user", "dora")
    link = place.command("reset-password", "DORA").strip()
    assert link.startswith(f"{place.public_url}/auth/password?token=")
    visitor = place.visitor()
    body = {"token": link.partition("token=")[2], "new_password": PASSWORD}
    assert visitor.post("/auth/password", body).status == 200
    assert visitor.post("/auth/password", body).status == 403
    assert visitor.log_in("dora", PASSWORD).status == 200


def test_a_name_that_is_taken_is_told_to_the_operator(place: Place) -> None:
    place.command("create-user", "emil", "--admin")
    with pytest.raises(AssertionError, match="this name is taken"):
        place.command("create-user", "EMIL")


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)  # the keys are in no database
def test_rotating_the_signing_key_under_load_fails_no_request(place: Place) -> None:
    """Four programs ask without a pause; each identity is verified as an application does, with the keys it knows."""
    visitor = place.logged_in()
    keys = Keys(f"{place.url}/auth/jwks.json")
    over, kids, failed = threading.Event(), set(), list[object]()

    def ask() -> None:
        while not over.is_set():
            reply = visitor.get("/wiki/")
            try:
                [token] = header(reply, "Mergepoint-Identity")
                verify(token, audience="wiki", find_key=keys.find)
                kids.add(token.partition(".")[0])
            except ValueError as error:
                failed.append((reply.status, error))

    programs = [threading.Thread(target=ask) for _ in range(4)]
    for program in programs:
        program.start()
    wait_for(lambda: len(kids) == 1)
    place.command("rotate-identity-key")
    wait_for(lambda: len(kids) == 2, seconds=15)
    over.set()
    for program in programs:
        program.join()
    assert failed == []
    assert visitor.get("/auth/account").status == 200  # nobody is logged out
