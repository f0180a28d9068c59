"""Tasks are called by name, here and through the bytes that a sandbox child gets."""

import json

import pytest

from mergepoint.kit.dispatch import Answer, contents_of, decode_answer, dispatch, encode_call, model_of, run, server
from mergepoint.kit.options import Options
from mergepoint.kit.problems import Problem
from tests.kit.toy_service import TASKS, ShoutOptions, StampOptions, broken, pack, ping, shout


def encoded(name: str, options: Options) -> bytes:
    return b"".join(encode_call(name, options))


def test_a_task_is_called_by_name() -> None:
    answer = dispatch(TASKS, "shout", {"text": "hé", "marks": 2})
    assert answer == Answer("HÉ!!".encode(), "text/plain; charset=utf-8", {"Animal": "dog"})


def test_a_task_without_options_takes_none() -> None:
    assert dispatch(TASKS, "ping", {}).body == b'{"pong": true}'
    with pytest.raises(Problem) as refused:
        dispatch(TASKS, "ping", {"loud": 1})
    assert refused.value.code == "unknown_option"
    assert refused.value.errors[0]["field"] == "loud"


def test_an_unknown_task_names_the_known() -> None:
    with pytest.raises(Problem, match="broken, pack, ping, shout, sing, stamp") as refused:
        dispatch(TASKS, "whisper", {})
    assert refused.value.code == "unknown_task"


def test_an_exception_with_a_code_becomes_a_problem_with_its_field() -> None:
    with pytest.raises(Problem) as refused:
        dispatch(TASKS, "shout", {"text": "", "animal": "cat"})
    assert refused.value.as_dict() == {
        "code": "unknown_animal",
        "detail": "no animal is called 'cat'",
        "errors": [{"field": "animal", "message": "no animal is called 'cat'"}],
    }


def test_an_exception_without_a_code_is_a_bug_and_stays_one() -> None:
    with pytest.raises(ValueError, match="a bug"):
        run(broken, ShoutOptions(text=""))


def test_binary_content_is_base64_where_there_are_no_bytes() -> None:
    assert dispatch(TASKS, "stamp", {"picture": b"\xff\x00"}).body == b"\xff\x00"
    assert dispatch(TASKS, "stamp", {"picture": "/wA="}).body == b"\xff\x00"
    with pytest.raises(Problem) as refused:
        dispatch(TASKS, "stamp", {"picture": "/wA"})
    assert refused.value.errors == [{"field": "picture", "message": "not base64 (RFC 4648, section 4)"}]


def test_the_model_and_the_content_of_a_task_come_from_its_annotation() -> None:
    assert (model_of(shout), contents_of(shout)) == (ShoutOptions, ["text"])
    assert (model_of(ping), contents_of(ping)) == (None, [])
    assert contents_of(pack) == contents_of(None) == []


class TestBytes:
    """What crosses to a child: a call in, an answer or a problem out."""

    @pytest.fixture
    def serve(self):
        return server(TASKS, most=100)

    def test_the_answer_survives(self, serve) -> None:
        call = encoded("shout", ShoutOptions(text="\x00\n\ud7ff😀é"))
        assert decode_answer(serve(call)) == dispatch(TASKS, "shout", {"text": "\x00\n\ud7ff😀é"})

    @pytest.mark.parametrize("picture", [b"", b"\x00\n\xff{}", bytes(range(256)) * 3])
    def test_binary_content_survives_as_it_is(self, serve, picture: bytes) -> None:
        call = encoded("stamp", StampOptions(picture=picture))
        assert call.endswith(b"\n" + picture)
        serve = server(TASKS, most=1000)
        assert decode_answer(serve(call)).body == picture
        assert decode_answer(serve(encoded("stamp", StampOptions(picture=b"\n", times=3)))).body == b"\n\n\n"

    def test_a_problem_survives(self, serve) -> None:
        with pytest.raises(Problem) as refused:
            decode_answer(serve(encoded("shout", ShoutOptions(text="", animal="cat"))))
        assert (refused.value.code, refused.value.errors[0]["field"]) == ("unknown_animal", "animal")

    def test_too_large_an_answer_is_a_problem(self, serve) -> None:
        call = encoded("shout", ShoutOptions(text="x" * 100))
        with pytest.raises(Problem, match="101 bytes; 100 are allowed") as refused:
            decode_answer(serve(call))
        assert refused.value.code == "output_too_large"

    def test_the_body_is_not_escaped(self, serve) -> None:
        head, _, body = serve(encoded("shout", ShoutOptions(text="\n\x80"))).partition(b"\n")
        assert json.loads(head)["type"].startswith("text/plain")
        assert body == "\n\x80!".encode()
