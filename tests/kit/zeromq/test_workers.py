"""A broker and workers as processes that die, fall silent, leave and come back."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mergepoint.client import Unavailable
from mergepoint.client.zeromq import Client
from mergepoint.highlight import highlight
from tests.attacks import SLOW
from tests.kit.zeromq.programs import House, Peer, Program
from tests.servers import alive, children, wait_for
from tests.stopwatch import Stopwatch

CODE = b"print('hi')\n"
LONG = next(sent for sent in SLOW if sent[0] == "sparql")  # 0.4 s of work, on a busy machine up to 2 s


def ask_for_long(peer: Peer) -> None:
    language, text = LONG
    peer.send("highlight", [text.encode()], options={"language": language})


def check_answered_once(peer: Peer) -> None:
    reply = peer.read(30)
    assert reply
    assert reply.header["meta"]["Mergepoint-Degraded"] == "deadline"
    assert peer.read(0.2) is None


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["falls silent", "dies"])
def test_the_request_of_a_worker_that_is_lost_is_given_to_another(house: House, number: int) -> None:
    house.have(highlight=2)
    before = house.status()["counts"].get("workers lost", 0)
    with Peer(house.address) as peer:
        ask_for_long(peer)
        wait_for(house.busy)
        lost = house.busy()
        assert lost
        lost.kill(number)
        check_answered_once(peer)
        assert house.status()["counts"]["workers lost"] == before + 1
        if number == signal.SIGSTOP:
            lost.kill(signal.SIGCONT)
            wait_for(lambda: len(house.status()["workers"]) == 2)
        assert peer.read(0.2) is None  # its own answer comes too late


def test_a_broker_that_restarts_is_found_again_and_answers_once(house: House) -> None:
    house.have(highlight=1)
    with Client(house.address) as client, Peer(house.address) as peer:
        assert client.highlight(CODE, "python")
        ask_for_long(peer)
        wait_for(house.busy)
        house.broker.kill()
        house.start_broker()
        with Stopwatch() as watch:
            assert client.highlight(CODE, "python") == highlight(CODE.decode(), "python").content
        assert watch.seconds < 2
        assert peer.read(2) is None  # nobody knows any longer whose answer that is


def test_a_call_that_is_under_way_outlives_a_restart_of_the_broker(house: House) -> None:
    house.have(highlight=1)
    language, text = LONG
    with Client(house.address, timeout=20) as client, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.highlight, text, language)
        wait_for(house.busy)
        house.broker.kill()
        house.start_broker()
        assert under_way.result(20).degraded == "deadline"


@pytest.mark.long
def test_a_worker_waits_for_a_broker_that_is_not_there_yet(house: House) -> None:
    house.have(highlight=0)
    house.broker.end()
    house.start_worker()
    house.have(highlight=1)


def test_a_broker_that_is_told_to_end_waits_for_what_is_under_way(house: House) -> None:
    house.have(highlight=1)
    with Peer(house.address) as peer:
        ask_for_long(peer)
        wait_for(house.busy)
        house.broker.process.send_signal(signal.SIGTERM)
        check_answered_once(peer)
    assert house.broker.process.wait(10) == 0


def test_one_broker_has_several_services_and_each_worker_leaves_after_its_work(house: House) -> None:
    house.have(highlight=1, htmldiff=1)
    programs = [house.broker, *house.workers]
    forked = [child for program in programs for child in children(program.process.pid)]
    with Peer(house.address) as peer, Client(house.address, retries=0) as client:
        assert peer.ask("htmldiff", [b"<p>a", b"<p>b"]).body
        assert peer.ask("highlight", [CODE]).body
        ask_for_long(peer)
        wait_for(house.busy)
        worker = house.busy()
        assert worker
        assert worker.end() == 0
        check_answered_once(peer)
        with Stopwatch() as watch:
            assert peer.ask("highlight", [CODE]).code == "unavailable"
        assert watch.seconds < 0.5
        with pytest.raises(Unavailable, match="no worker of highlight is here"):
            client.highlight(CODE)
        assert client.htmldiff("a", "a")
    with Stopwatch() as watch:
        assert {program.end() for program in programs} == {0}
    assert watch.seconds < 10
    wait_for(lambda: not any(map(alive, forked)))


@pytest.mark.long
def test_a_file_is_touched_as_long_as_all_is_well(house: House, start: Callable[..., Program], tmp_path: Path) -> None:
    house.have()
    alive = tmp_path / "alive"
    worker = start("worker", "htmldiff", "--connect", house.backend, "--alive", str(alive), says="working")
    wait_for(alive.exists)
    house.broker.end()
    wait_for(lambda: time.time() - alive.stat().st_mtime > 2.5)
    house.start_broker()
    wait_for(lambda: time.time() - alive.stat().st_mtime < 1)
    assert worker.end() == 0
