"""Who gets what, and that everybody gets one answer: the broker without sockets, by a clock of ours."""

import json
import weakref

import pytest

from mergepoint.kit.zeromq import commands
from mergepoint.kit.zeromq.commands import Offer
from tests.kit.zeromq.table import HIGHLIGHT, Table


@pytest.fixture
def table() -> Table:
    table = Table()
    table.ready("w1")
    return table


def test_an_answer_goes_to_who_asked(table):
    table.ask("ann", "1")
    table.ask("bob", "1")
    for worker, number, id in table.given():
        table.finish(worker, number, id)
    assert table.answers() == [("ann", "1", "done"), ("bob", "1", "done")]


def test_answers_may_come_in_another_order(table):
    table.ask("ann", "1")
    table.ask("bob", "2")
    for worker, number, id in reversed(table.given()):
        table.finish(worker, number, id)
    assert table.answers() == [("bob", "2", "done"), ("ann", "1", "done")]


def test_nobody_is_answered_twice(table):
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.finish(worker, number, id)
    table.finish(worker, number, id)
    assert table.answers() == [("ann", "1", "done")]


def test_what_is_sent_again_is_not_begun_again(table):
    table.ask("ann", "1")
    table.ask("ann", "1")
    assert len(table.given()) == 1


def test_without_a_worker_the_answer_is_unavailable_at_once():
    table = Table()
    table.ask("ann", "1")
    assert table.answers() == [("ann", "1", "unavailable")]


def test_a_task_that_nobody_ever_offered_is_unknown(table):
    table.ask("ann", "1", "polish")
    assert table.answers() == [("ann", "1", "unknown_task")]


def test_a_task_whose_workers_are_gone_is_unavailable_and_not_unknown(table):
    table.work("w1", commands.DISCONNECT)
    table.ask("ann", "1")
    assert table.answers() == [("ann", "1", "unavailable")]


def test_a_task_has_a_short_name_and_a_full_one(table):
    table.ask("ann", "1", "highlight/highlight")
    table.ask("ann", "2", "languages", contents=())
    table.ask("ann", "3", "htmldiff/highlight")
    assert table.answers() == [("ann", "3", "unknown_task")]


def test_a_short_name_that_two_services_have_is_refused_with_the_full_ones(table):
    table.ready("w2", Offer("other", {"languages": []}, 1000, 2, 1))
    table.ask("ann", "1", "languages", contents=())
    [(_, frames)] = table.to_clients
    assert "highlight/languages, other/languages" in json.loads(frames[0])["problem"]["detail"]
    table.answers()
    table.ask("ann", "2", "other/languages", contents=())
    assert [worker for worker, _, _ in table.given()] == ["w2"]


def test_a_fresh_broker_lets_requests_wait_for_workers_that_come_back():
    table = Table(grace=3)
    table.ask("ann", "1")
    table.wait(1)
    assert table.answers() == []
    table.ready("w1")
    assert [id for _, _, id in table.given()] == ["1"]


def test_and_says_unavailable_if_none_comes():
    table = Table(grace=3)
    table.ask("ann", "1")
    table.wait(3.1)
    assert table.answers() == [("ann", "1", "unavailable")]


def test_a_silent_workers_request_goes_to_another_after_three_heartbeats(table):
    table.ask("ann", "1")
    table.given()
    table.ready("w2")
    table.beat("w2", 2)
    assert table.given() == []
    table.beat("w2", 1.5)
    [(worker, number, id)] = table.given()
    assert worker == "w2"
    table.finish(worker, number, id)
    assert table.answers() == [("ann", "1", "done")]


def test_a_dead_workers_request_goes_to_another_with_the_next_heartbeat(table):
    table.ask("ann", "1")
    table.given()
    table.ready("w2")
    table.gone.add(b"w1")
    table.beat("w2", 1.5)
    assert [worker for worker, _, _ in table.given()] == ["w2"]


def test_the_late_answer_of_one_that_was_silent_changes_nothing(table):
    table.ask("ann", "1")
    [(_, first, _)] = table.given()
    table.ready("w2")
    table.beat("w2", 4)
    table.finish("w1", first, "1")
    assert table.answers() == []
    assert (b"w1", [commands.DISCONNECT]) in table.to_workers  # so that it offers itself again


def test_a_worker_that_offers_itself_twice_keeps_what_it_has_in_hand(table):
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.ready("w1")
    table.ready("w1")
    assert table.given() == []
    table.finish(worker, number, id)
    assert table.answers() == [("ann", "1", "done")]


def test_after_two_losses_a_request_is_given_to_nobody(table):
    table.ask("ann", "1")
    for lost, other in (("w1", "w2"), ("w2", "w3")):
        table.ready(other)
        table.gone.add(lost.encode())
        table.beat(other, 1.5)
    assert table.answers() == [("ann", "1", "unavailable")]


def test_an_answer_to_a_former_broker_is_none_to_this_one():
    before, now = Table(), Table()
    for table in (before, now):
        table.ready("w1")
        table.ask("ann", "1")
    [(_, number, _)] = before.given()
    now.finish("w1", number, "1")
    assert now.answers() == []


def test_a_request_that_waited_past_its_deadline_is_not_begun():
    table = Table()
    table.ready("w1", Offer("highlight", {"highlight": ["code"]}, 1000, slots=1, share=1))
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.ask("bob", "2", deadline_ms=400)
    table.wait(0.5)
    table.finish(worker, number, id)
    assert table.answers() == [("bob", "2", "deadline"), ("ann", "1", "done")]
    assert table.given() == []


def test_a_full_line_is_said():
    table = Table(most_requests=3)
    table.ready("w1")
    for number in range(6):
        table.ask("ann", str(number))
    assert table.answers() == [("ann", str(number), "overloaded") for number in (4, 5)]


def test_a_line_is_full_of_bytes_too():
    table = Table(most_bytes=1500)
    table.ready("w1")
    for number in range(5):
        table.ask("ann", str(number), contents=[bytes(600)])
    assert {code for _, _, code in table.answers()} == {"overloaded"}


def test_clients_take_turns():
    table = Table()
    table.ready("w1", Offer("highlight", {"highlight": ["code"]}, 1000, slots=1, share=1))
    for number in range(5):
        table.ask("ann", f"a{number}")
    table.ask("bob", "b")
    order = []
    while given := table.given():
        [(worker, number, id)] = given
        order.append(id)
        table.finish(worker, number, id)
    assert order == ["a0", "a1", "b", "a2", "a3", "a4"] or order == ["a0", "b", "a1", "a2", "a3", "a4"]


def test_one_client_never_has_all_workers():
    table = Table()
    table.ready("w1", Offer("highlight", {"highlight": ["code"]}, 1000, slots=4, share=2))
    for number in range(9):
        table.ask("ann", str(number))
    assert len(table.given()) == 2
    table.ask("bob", "b")
    assert [id for _, _, id in table.given()] == ["b"]


def test_contents_that_are_too_large_are_refused_before_they_wait(table):
    table.ask("ann", "1", contents=[bytes(1001)])
    assert table.answers() == [("ann", "1", "body_too_large")]


def test_more_frames_than_any_task_has_are_refused(table):
    table.ask("ann", "1", contents=[b""] * 100)
    assert table.answers() == [("ann", "1", "invalid_option")]


def test_the_empty_frame_of_a_req_socket_comes_back(table):
    table.say("ann", b"", json.dumps({"v": 1, "id": "1", "task": "highlight"}).encode(), b"x")
    [(worker, number, id)] = table.given()
    table.finish(worker, number, id)
    [(_, frames)] = table.to_clients
    assert frames[0] == b""


def test_a_worker_that_leaves_ends_what_it_has_and_gets_no_more(table):
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.work("w1", commands.DISCONNECT)
    table.ask("bob", "2")
    table.finish(worker, number, id)
    assert sorted(table.answers()) == [("ann", "1", "done"), ("bob", "2", "unavailable")]


def test_a_worker_that_leaves_is_let_go_when_its_last_answer_is_here(table):
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.work("w1", commands.DISCONNECT)
    assert (b"w1", [commands.DISCONNECT]) not in table.to_workers
    table.finish(worker, number, id)
    assert table.to_workers[-1] == (b"w1", [commands.DISCONNECT])


def test_requests_that_wait_for_the_first_worker_are_kept_once_and_within_bounds():
    table = Table(grace=3)
    for _ in range(2):
        for number in range(1001):
            table.ask("ann", str(number))
    assert table.answers() == [("ann", "1000", "overloaded")] * 2
    table.ready("w1", Offer("highlight", {"highlight": ["code"]}, 1000, slots=4, share=2))
    answered = []
    while given := table.given():
        for worker, number, id in given:
            table.finish(worker, number, id)
            answered.append(id)
    assert sorted(answered) == sorted(map(str, range(1000)))


def test_a_request_that_is_done_is_forgotten_before_its_time(table):
    kept = []
    for number in range(1000):
        table.ask("ann", str(number))
        [(worker, given, id)] = table.given()
        kept += [weakref.ref(request) for request in table.broker.under_way()]
        table.finish(worker, given, id)
    assert sum(ref() is not None for ref in kept) < 200


def test_a_broker_that_ends_refuses_those_that_wait_and_lets_the_others_finish():
    table = Table()
    table.ready("w1", Offer("highlight", {"highlight": ["code"]}, 1000, slots=1, share=1))
    table.ask("ann", "1")
    table.ask("bob", "2")
    [(worker, number, id)] = table.given()
    table.broker.close(table.now)
    assert table.answers() == [("bob", "2", "unavailable")]
    table.finish(worker, number, id)
    assert table.broker.idle


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"READY"],
        [b"READY", b"{}"],
        [b"READY", b"["],
        [b"ANSWER"],
        [b"ANSWER", b"1"],
        [b"X"],
        [b"READY", b"1", b"2"],
    ],
)
def test_what_no_worker_says_is_ignored(table, frames):
    table.ask("ann", "1")
    [(worker, number, id)] = table.given()
    table.work("w1", *frames)
    table.work("stranger", *frames)
    table.finish(worker, number, id)
    assert table.answers() == [("ann", "1", "done")]


def test_the_status_counts(table):
    table.ask("ann", "1")
    table.ask("bob", "2", "status", contents=())
    [(client, frames)] = table.to_clients
    status = json.loads(frames[1])
    assert status["workers"] == [{"service": "highlight", "name": "", "slots": HIGHLIGHT.slots, "running": 1}]
    assert client == b"bob"
