"""Calls that run later, by the clients in Python, Ruby and the shell: what is sent, and what a job then gives."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mergepoint.client import Client, InvalidResponse, Job, Timeout, Unavailable, UnknownLanguage
from tests.clients.faults import JOB, FaultServer
from tests.live.suite import Suite
from tests.servers import ROOT

ID = JOB["id"]
CALLBACK = "https://example.com/told?by=jobs"
RUBY = shutil.which("ruby")
SHELL = ROOT / "clients/shell/mergepoint"


def ruby(url: str, program: str) -> object:
    """Return what *program*, which has a client `c`, evaluates to."""
    code = (
        f"require 'mergepoint'; require 'json'; c = Mergepoint::Client.new('{url}'); puts JSON.generate([({program})])"
    )
    done = subprocess.run(
        [str(RUBY), "-w", f"-I{ROOT / 'clients/ruby/lib'}", "-e", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def shell(url: str, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "MERGEPOINT_URL": url}
    return subprocess.run([SHELL, *words], input=text, capture_output=True, text=True, env=environment, timeout=60)


def by_python(url: str) -> None:
    Client(url).later(at="2030-01-01T00:00:00Z", attempts=2, deadline=9, callback=CALLBACK).highlight("x", language="c")


def by_ruby(url: str) -> None:
    terms = f"at: '2030-01-01T00:00:00Z', attempts: 2, deadline: 9, callback: '{CALLBACK}'"
    ruby(url, f"c.later.with({terms}).highlight('x', language: 'c').id")


def by_shell(url: str) -> None:
    terms = ["--at", "2030-01-01T00:00:00Z", "--attempts=2", "--deadline", "9", "--callback", CALLBACK]
    assert shell(url, "highlight", "--language", "c", *terms, text="x").returncode == 0


@pytest.mark.parametrize("call", [by_python, by_ruby, by_shell])
def test_all_tries_of_a_call_have_one_key_of_their_own(call) -> None:
    keys = set()
    for _ in range(2):
        with FaultServer("busy", "accepted") as server:
            call(server.url)
            first, second = server.requests
        assert first.headers == second.headers
        assert (first.method, first.target, first.body) == ("POST", "/highlight?language=c", b"x")
        told: Mapping[str, str] = first.headers
        assert told["prefer"] == "respond-async"
        terms = [told[f"mergepoint-{name}"] for name in ("at", "attempts", "deadline", "callback")]
        assert terms == ["2030-01-01T00:00:00Z", "2", "9", CALLBACK]
        assert len(told["idempotency-key"]) >= 22
        keys.add(told["idempotency-key"])
    assert len(keys) == 2


def test_a_result_that_is_an_error_is_not_asked_for_again() -> None:
    with FaultServer("accepted", "running", "done", "its 503") as server:
        with pytest.raises(Unavailable):
            Client(server.url).later.highlight("x").result()
        assert [request.target for request in server.requests][1:] == [f"/jobs/{ID}"] * 2 + [f"/jobs/{ID}/result"]
    program = "begin; c.later.highlight('x').result; rescue Mergepoint::Unavailable => e; e.code; end"
    with FaultServer("accepted", "running", "done", "its 503") as server:
        assert ruby(server.url, program) == "overloaded"
        assert len(server.requests) == 4
    with FaultServer("running", "done", "its 503") as server:
        assert shell(server.url, "jobs", "wait", ID).returncode == 1
        assert len(server.requests) == 3


def test_waiting_ends_and_the_job_goes_on() -> None:
    with FaultServer("accepted", "running") as server, pytest.raises(Timeout, match=f"job {ID} is running"):
        Client(server.url).later.highlight("x").wait(timeout=0.3)
    with FaultServer("accepted", "running") as server:
        assert ruby(server.url, "begin; c.later.highlight('x').wait(timeout: 0.3); rescue Mergepoint::Timeout; 1; end")


@pytest.mark.parametrize("plan", ["ok", "other json", "bad json", "redirect"])
def test_what_is_no_job_is_an_invalid_response(plan: str) -> None:
    with FaultServer(plan) as server, pytest.raises(InvalidResponse):
        Client(server.url).later.highlight("x")


def test_a_server_without_jobs_is_named() -> None:
    with FaultServer("ok") as server:
        with pytest.raises(InvalidResponse, match="this server has no jobs"):
            Client(server.url).later.highlight("x")
        asked = "begin; c.later.highlight('x'); rescue Mergepoint::InvalidResponse => e; e.message; end"
        assert "this server has no jobs" in str(ruby(server.url, asked))
        done = shell(server.url, "highlight", "--later", text="x")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"mergepoint: {server.url}: this server has no jobs; call it without --later\n"


@pytest.mark.parametrize(
    "interpreter", [name for name in ("dash", "bash", "busybox sh") if shutil.which(name.split()[0])]
)
def test_waiting_at_a_terminal_shows_how_far_it_is(interpreter: str) -> None:
    terminal, end = os.openpty()
    with FaultServer("behind", "running", "far", "done", "ok") as server:
        command = [*interpreter.split(), str(SHELL), "jobs", "wait", ID]
        environment = {"PATH": os.environ["PATH"], "MERGEPOINT_URL": server.url}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, env=environment, timeout=60)
    os.close(end)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert (done.returncode, done.stdout) == (0, b"<b>ok</b>")
    behind, running, far, finished = [line.removesuffix("\x1b[K").rstrip() for line in shown.split("\r")[1:5]]
    assert behind == f"[{'#':40}] queued, 7 before it, tried 2 of 5 times"
    assert running == f"[{' #':40}] running, attempt 1 of 5"  # nobody tells how far it is: the mark only moves
    assert far == f"[{'#' * 10:40}] running, 3 of 12, attempt 1 of 5"
    assert finished == f"[{'#' * 40}] done"


@pytest.mark.parametrize("id", ["", "a/b", "a?b", "..", "a b", "é"])
def test_an_id_changes_no_path(id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        Client("http://localhost:1").jobs.get(id)
    assert shell("http://localhost:1", "jobs", "show", id).returncode == 2


def test_a_job_gives_what_the_direct_call_gives(suite: Suite, tmp_path: Path) -> None:
    client = Client(suite.url)
    job: Job[object] = client.later.highlight("print(1)", language="python")
    assert job.result(20) == (direct := client.highlight("print(1)", language="python"))
    assert (job.state, job.is_finished, client.jobs.get(job.id).result()) == ("done", True, direct.encode())
    with pytest.raises(UnknownLanguage):
        client.later.highlight("x", language="klingon").result(20)
    assert client.later.styles().result(20) == client.styles()
    assert ruby(suite.url, "c.later.highlight('print(1)', language: 'python').result(timeout: 20)") == direct
    refused = "begin; c.later.highlight('x', language: 'klingon').result; rescue Mergepoint::UnknownLanguage; 1; end"
    assert ruby(suite.url, refused) == 1
    made = shell(suite.url, "highlight", "--language", "python", "--later", text="print(1)")
    assert shell(suite.url, "jobs", "wait", json.loads(made.stdout)["id"]).stdout == direct


def test_a_job_is_cancelled_and_made_again(suite: Suite) -> None:
    client = Client(suite.url)
    job = client.later(at=datetime.now(UTC) + timedelta(days=1)).highlight("x")
    assert job.cancel().state == "cancelled"
    again = client.jobs.replay(job.id).wait(20)
    assert (again.state, again.about["replay_of"]) == ("done", job.id)
    assert ruby(suite.url, f"c.jobs.replay('{job.id}').wait(timeout: 20).state") == "done"
    assert json.loads(shell(suite.url, "jobs", "cancel", again.id).stdout)["state"] == "done"
