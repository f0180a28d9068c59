"""One service in one process: answers, problems, limits and ends, as over HTTP."""

import http.client
import json
import random
import signal
import socket
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import zmq

from mergepoint.highlight import highlight
from mergepoint.kit.zeromq.command import main
from tests.attacks import SLOW
from tests.kit.zeromq.programs import COMMAND, Peer
from tests.servers import wait_for

CODE = b"print('hi')\n"


def test_the_answer_has_the_services_bytes_type_and_facts(peer):
    reply = peer.ask("highlight", [CODE], options={"language": "python"})
    assert reply.body is not None
    assert reply.body.decode() == highlight(CODE.decode(), "python").content
    assert reply.header == {
        "v": 1,
        "id": "1",
        "type": "text/html; charset=utf-8",
        "meta": {"Mergepoint-Language": "python"},
    }


def test_a_content_may_stand_in_the_options_instead(peer):
    options = {"language": "python", "code": CODE.decode()}
    assert (
        peer.ask("highlight", options=options).body
        == peer.ask("highlight", [CODE], options=options | {"code": None}).body
    )


@pytest.mark.parametrize(
    ("task", "contents", "options", "code"),
    [
        ("highlight", [CODE], {"language": "nope"}, "unknown_language"),
        ("highlight", [CODE], {"langauge": "python"}, "unknown_option"),
        ("highlight", [CODE], {"linenostart": float("nan")}, "invalid_option"),
        ("highlight", [CODE], {"code": "x"}, "invalid_option"),
        ("highlight", [CODE, CODE], {}, "invalid_option"),
        ("highlight", [], {}, "missing_option"),
        ("highlight", [b"\xff"], {}, "invalid_encoding"),
        ("languages", [CODE], {}, "invalid_option"),
        ("shout", [CODE], {}, "unknown_task"),
        ("highlight", [bytes(600_000)], {}, "body_too_large"),
        ("highlight", [CODE] * 100, {}, "invalid_option"),
    ],
)
def test_what_cannot_be_done_is_a_problem_that_says_why(peer, task, contents, options, code):
    reply = peer.ask(task, contents, options=options, request_id="mine")
    assert reply.code == code
    assert reply.header["problem"]["request_id"] == "mine"
    assert reply.body is None


def test_a_req_socket_is_a_client_too(served, folder):
    with zmq.Context() as context, context.socket(zmq.REQ) as socket_:
        socket_.linger = 0
        socket_.connect(folder.address("h"))
        for _ in range(2):
            socket_.send_multipart([b'{"v":1,"id":"1","task":"highlight"}', CODE])
            assert socket_.poll(10_000)
            assert json.loads(socket_.recv_multipart()[0])["type"].startswith("text/html")


def test_text_that_hits_its_deadline_is_degraded_and_others_hardly_wait(peer, folder):
    attacker = Peer(folder.address("h"))
    for language, text in SLOW[:5] * 2:
        attacker.send("highlight", [text.encode()], options={"language": language})
    took = []
    for number in range(50):
        began = time.perf_counter()
        assert peer.ask("highlight", [b"x = %d" % number], options={"language": "python"}).code is None
        took.append(time.perf_counter() - began)
    answers = [attacker.read() for _ in range(10)]
    attacker.close()
    assert all(answer and answer.header["meta"].get("Mergepoint-Degraded") == "deadline" for answer in answers)
    assert sorted(took)[len(took) // 2] < 0.5


def test_random_messages_end_nothing(served, folder):
    chance = random.Random(5)
    pieces = [
        b"",
        b"{}",
        b"[]",
        b'{"v":1}',
        b'{"v":1,"id":"1","task":"highlight"}',
        b"\xff\x00",
        bytes(2000),
        b"[" * 3000,
    ]
    stranger = Peer(folder.address("h"))
    for _ in range(10_000):
        stranger.socket.send_multipart([chance.choice(pieces) for _ in range(chance.randint(1, 6))])
    stranger.close()
    other = Peer(folder.address("h"))
    assert other.ask("highlight", [CODE]).code is None
    other.close()
    assert served.process.poll() is None


def test_http_sent_to_the_port_gets_nothing(start, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = start("serve", "jobs", "--bind", f"tcp://127.0.0.1:{port}", JOBS_STATE=str(tmp_path))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        connection.request("POST", "/highlight", CODE)
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.getresponse()
    peer = Peer(f"tcp://127.0.0.1:{port}")
    assert peer.ask("check", [b"/highlight"]).code is None
    peer.close()
    assert program.end() == 0


def test_a_frame_of_more_than_twice_what_is_allowed_cuts_the_connection(served, folder):
    greedy = Peer(folder.address("h"))
    greedy.send("highlight", [bytes(1_200_000)])
    assert greedy.read(1) is None
    greedy.close()
    other = Peer(folder.address("h"))
    assert other.ask("highlight", [CODE]).code is None
    other.close()


def test_who_never_reads_loses_only_what_is_its_own(served, peer, folder):
    deaf = Peer(folder.address("h"), rcvhwm=1, rcvbuf=4096)
    for number in range(500):
        deaf.send("languages", options={"x" * number: 1} if number % 2 else {})
    for _ in range(20):
        assert peer.ask("highlight", [CODE]).code is None
    deaf.close()


def test_the_socket_is_its_owners_alone(served, folder):
    path = folder.path / "h"
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_second_server_does_not_take_the_place_of_the_first(served, folder):
    done = subprocess.run(
        [*COMMAND, "serve", "highlight", "--bind", folder.address("h")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 78
    assert "another program listens there" in done.stderr


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://192.0.2.1:5555", "tcp://example.org:1",
                                     "tcp://[::]:5555"])  # fmt: skip
@pytest.mark.parametrize(
    "words", [["serve", "highlight", "--bind"], ["broker", "--backend"], ["worker", "highlight", "--connect"]]
)
def test_beyond_this_machine_nothing_starts_without_keys(words, address, capsys):
    assert main([*words, address]) == 78
    said = capsys.readouterr().err
    assert "--key" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("address", ["x", "h", "ipc://h", "inproc://x", "tcp://127.0.0.1", "tcp://127.0.0.1:70000",
                                     "ipc:///" + "x" * 120, "ipc://@abstract"])  # fmt: skip
def test_an_address_that_is_none_is_refused(address, capsys):
    assert main(["broker", "--frontend", address]) == 78
    assert "is expected" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_ends_it_after_what_is_under_way(start, folder, number):
    address = folder.address("ends")
    program = start("serve", "highlight", "--bind", address)
    children = children_of(program.process.pid)
    peer = Peer(address)
    peer.ask("highlight", [CODE])
    language, text = SLOW[6]
    peer.send("highlight", [text.encode()], options={"language": language})
    wait_for(lambda: json.loads(peer_status(address))["workers"][0]["running"])
    assert program.end(number) == 0
    reply = peer.read(5)
    assert reply
    assert reply.code is None
    peer.close()
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert not (folder.path / "ends").exists()


def test_killed_it_leaves_no_process(start, folder):
    program = start("serve", "htmldiff", "--bind", folder.address("killed"))
    children = children_of(program.process.pid)
    assert children
    program.kill()
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def peer_status(address: str) -> bytes:
    peer = Peer(address)
    body = peer.ask("status").body
    peer.close()
    assert body
    return body


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
