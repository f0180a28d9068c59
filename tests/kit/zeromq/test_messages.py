"""What a header may be, and how one that may not be is refused."""

import json

import pytest

from mergepoint.kit.zeromq.messages import LONGEST_ID, Refused, problem_frames, read_header

GOOD = {
    "v": 1,
    "id": "7",
    "task": "highlight",
    "options": {"language": "python"},
    "deadline_ms": 100,
    "request_id": "r",
}


def refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        read_header(data)
    return refused.value


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def changed(**members: object) -> bytes:
    return json.dumps({**GOOD, **members}).encode()


def test_a_header_is_read():
    header = read_header(json.dumps(GOOD).encode())
    assert (header.id, header.task, header.deadline_ms, header.request_id) == ("7", "highlight", 100, "r")
    assert header.options == {"language": "python"}


def test_what_is_equal_as_json_is_equal_here():
    spelled = (
        b'\n{"task":"high\\u006cight" ,"options":{ "language":"\\u0070ython"},'
        b'"v":1.0,"deadline_ms":100,"id":"7","request_id":"r"}'
    )
    assert read_header(spelled) == read_header(json.dumps(GOOD).encode())


@pytest.mark.parametrize("name", ["options", "deadline_ms", "request_id"])
def test_most_members_may_be_left_out_or_null(name):
    assert read_header(without(name)).id == "7"
    assert read_header(changed(**{name: None})).id == "7"


@pytest.mark.parametrize("name", ["id", "task"])
@pytest.mark.parametrize("value", [1, True, [], {}, "", "x" * (LONGEST_ID + 1), 1.5])
def test_names_are_text(name, value):
    refused = refusal(changed(**{name: value}))
    assert refused.problem.errors[0]["field"] == name
    assert refused.id == (None if name == "id" else "7")


@pytest.mark.parametrize("name", ["id", "task"])
def test_names_are_required(name):
    assert refusal(without(name)).problem.code == "missing_option"


@pytest.mark.parametrize("version", [2, 0, "1", None, True, [1]])
def test_another_version_is_refused_by_its_name(version):
    refused = refusal(changed(v=version))
    assert (refused.problem.code, refused.id) == ("unsupported_version", "7")


@pytest.mark.parametrize("deadline", [0, -1, 600_001, 1.5, "5", True, [], float("inf")])
def test_a_deadline_is_a_number_of_milliseconds(deadline):
    assert refusal(changed(deadline_ms=deadline)).problem.errors or deadline == float("inf")


@pytest.mark.parametrize("options", [[], "x", 1, True])
def test_options_are_an_object(options):
    assert refusal(changed(options=options)).problem.errors[0]["field"] == "options"


def test_an_unknown_member_is_named():
    assert refusal(changed(dealine_ms=5)).problem.errors[0]["field"] == "dealine_ms"


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"[]", b"1", b"null", b"{", b"\xff", b"[" * 100_000, b'{"v":' * 100_000, b'{"id":"1","id":"2"}',
     b'{"deadline_ms": NaN}', b'{"v": 1, "id": "\\ud800", "task": "x"}', b'{"v": ' + b"9" * 10_000 + b"}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(data):
    assert refusal(data).problem.code in ("malformed_body", "invalid_encoding", "unsupported_version", "invalid_option")


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a b", "ä", 5, "a\n"])
def test_a_request_id_that_is_not_well_formed_is_replaced(request_id):
    assert len(read_header(changed(request_id=request_id)).request_id) == 32


def test_a_refusal_is_the_object_that_http_gives():
    refused = refusal(changed(v=2))
    [frame] = problem_frames(refused.id, refused.problem, refused.request_id)
    problem = json.loads(frame)["problem"]
    assert problem["status"] == 400
    assert set(problem) == {"type", "title", "status", "code", "detail", "errors", "request_id"}
