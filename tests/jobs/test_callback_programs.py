"""Callbacks by the programs as shipped: accepted by HTTP, sent by a worker, whatever ends it."""

import base64
import contextlib
import http.server
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mergepoint.jobs.queue.callbacks import OF_ONE_OWNER
from tests.auth.databases import Databases
from tests.jobs.door import Door
from tests.jobs.programs import Programs
from tests.jobs.receiver import Handler, Receiver, new_receiver
from tests.jobs.test_identities import KEY, token
from tests.servers import children, wait_for


class Keys(http.server.BaseHTTPRequestHandler):
    """Stands for auth: its public key."""

    def do_GET(self) -> None:
        x = base64.urlsafe_b64encode(KEY.public_key().public_bytes_raw()).rstrip(b"=").decode()
        body = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def keys() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/auth/jwks.json"
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from new_receiver()


@pytest.fixture
def programs(server: Databases, door: Door, receiver: Receiver, keys: str) -> Iterator[Programs]:
    programs = Programs(server.new(), door, JOBS_CALLBACKS=receiver.origin, JOBS_IDENTITY_KEYS=keys)
    yield programs.serve()
    programs.stop()


def ask(programs: Programs, receiver: Receiver, body: bytes = b"x", **more: str) -> str:
    """Have a job of ada's made, with a callback; return its id."""
    reply = programs.accept(body, Mergepoint_Callback=receiver.url, Mergepoint_Identity=token(), **more)
    assert reply.status == 202, reply.body
    return str(reply.json["id"])


def get(programs: Programs, path: str) -> Any:
    return programs.call("GET", path, None, {"Mergepoint-Identity": token()}).json


def state(programs: Programs, id: str) -> str:
    return str(get(programs, f"/jobs/{id}")["callback"]["state"])


def test_a_finished_job_is_told_soon_and_after_a_killed_worker(
    programs: Programs, receiver: Receiver, door: Door
) -> None:
    worker = programs.work()
    id = ask(programs, receiver)
    wait_for(lambda: state(programs, id) == "delivered")
    secret = get(programs, "/jobs/callback-secret")["secret"]
    assert receiver.messages[0].verify(secret)["data"]["id"] == id

    held = threading.Event()
    receiver.answer = lambda handler: (held.wait(10), handler.reply())
    id = ask(programs, receiver)
    wait_for(lambda: len(receiver.messages) == 2)
    assert children(worker.pid) == {programs.performing()}
    os.kill(programs.performing(), signal.SIGKILL)
    receiver.answer = Handler.reply
    wait_for(lambda: state(programs, id) == "delivered")  # at once: its lease is not waited for
    held.set()
    [_, first, second] = receiver.messages
    assert first.id == second.id
    assert second.verify(secret)["data"]["id"] == id
    assert get(programs, f"/jobs/{id}")["callback"]["tries"] == 1


@pytest.mark.long
def test_slow_receivers_hold_up_no_job(programs: Programs, receiver: Receiver, door: Door) -> None:
    programs.work()
    receiver.answer = lambda handler: time.sleep(30)
    for _ in range(40):
        ask(programs, receiver)
    wait_for(lambda: len(receiver.messages) >= OF_ONE_OWNER)
    began = time.monotonic()
    id = ask(programs, receiver)
    wait_for(lambda: get(programs, f"/jobs/{id}")["state"] == "done")
    assert time.monotonic() - began < 2
    assert len(receiver.messages) == OF_ONE_OWNER


@pytest.mark.long
def test_sigterm_lets_a_message_that_is_under_way_arrive(programs: Programs, receiver: Receiver, door: Door) -> None:
    worker = programs.work()
    receiver.answer = lambda handler: (time.sleep(2), handler.reply())
    id = ask(programs, receiver)
    wait_for(lambda: receiver.messages)
    worker.terminate()
    worker.wait(14)
    assert state(programs, id) == "delivered"


@pytest.mark.long
def test_under_kills_every_job_is_told_and_no_message_has_two_ids(
    programs: Programs, receiver: Receiver, door: Door
) -> None:
    programs.work()
    programs.work()
    receiver.answer = lambda handler: (time.sleep(0.02), handler.reply())
    ids, ends = [], time.monotonic() + 10
    while time.monotonic() < ends:
        ids += [ask(programs, receiver) for _ in range(5)]
        time.sleep(0.2)
        if len(ids) % 25 == 0:
            with contextlib.suppress(ProcessLookupError):  # it has been killed, and its successor is not there yet
                os.kill(programs.performing(), signal.SIGKILL)
    wait_for(lambda: all(state(programs, id) == "delivered" for id in ids), seconds=60)
    told: dict[str, set[str]] = {}
    for message in receiver.messages:
        told.setdefault(json.loads(message.body)["data"]["id"], set()).add(message.id)
    assert set(told) == set(ids)
    assert all(len(messages) == 1 for messages in told.values())


@pytest.mark.long
def test_a_message_that_waits_outlives_all_programs(programs: Programs, receiver: Receiver, door: Door) -> None:
    ids = [ask(programs, receiver) for _ in range(20)]
    for id in ids[:10]:
        programs.call("DELETE", f"/jobs/{id}", None, {"Mergepoint-Identity": token()})
    assert receiver.messages == []  # the accepting process sends none
    programs.work()
    wait_for(lambda: all(state(programs, id) == "delivered" for id in ids))
    types = sorted(json.loads(message.body)["type"] for message in receiver.messages)
    assert types == ["job.cancelled"] * 10 + ["job.done"] * 10
