"""What a caller sent becomes a model, or a Problem that names each bad field."""

import pytest

from mergepoint.kit.options import content_field, read_object, read_text, validate
from mergepoint.kit.problems import Problem
from tests.kit.toy_service import PackOptions, ShoutOptions


def refusal(model, **values) -> Problem:
    with pytest.raises(Problem) as refused:
        validate(model, values)
    return refused.value


def test_values_become_a_model() -> None:
    assert validate(ShoutOptions, {"text": "a", "marks": "3"}) == ShoutOptions(text="a", marks=3)


def test_the_content_field_is_the_marked_one() -> None:
    assert (content_field(ShoutOptions), content_field(PackOptions)) == ("text", None)


@pytest.mark.parametrize(
    ("values", "code", "field", "message"),
    [
        ({"text": "", "mraks": 1}, "unknown_option", "mraks", "there is no such option; the nearest is 'marks'"),
        ({}, "missing_option", "text", "is required"),
        ({"text": "", "marks": 10}, "invalid_option", "marks", "input should be less than or equal to 9"),
        ({"text": "", "marks": "x"}, "invalid_option", "marks", "input should be a valid integer"),
        ({"text": "\ud800"}, "invalid_encoding", "text", "not UTF-8: a lone surrogate"),
        ({"text": "", "animal": "\udfff"}, "invalid_encoding", "animal", "not UTF-8: a lone surrogate"),
    ],
)
def test_a_bad_option_is_named(values, code, field, message) -> None:
    problem = refusal(ShoutOptions, **values)
    assert problem.code == code
    assert problem.errors[0]["field"] == field
    assert problem.errors[0]["message"].startswith(message)
    assert field in problem.detail


def test_a_lone_surrogate_in_a_name_is_no_option() -> None:
    assert refusal(ShoutOptions, **{"text": "", "\ud800": 1}).code == "invalid_encoding"


def test_a_field_inside_is_named_with_its_path() -> None:
    problem = refusal(PackOptions, shouts=[{"text": ""}, {"text": "", "marks": -1}])
    assert problem.errors[0]["field"] == "shouts.1.marks"


def test_a_lone_surrogate_inside_is_named_with_its_path() -> None:
    problem = refusal(PackOptions, shouts=[{"text": ""}, {"text": "\ud800"}])
    assert (problem.code, problem.errors[0]["field"]) == ("invalid_encoding", "shouts.1.text")


def test_different_faults_together_are_invalid_and_all_named() -> None:
    problem = refusal(ShoutOptions, mraks=1, marks="x")
    assert problem.code == "invalid_option"
    assert {error["field"] for error in problem.errors} == {"text", "mraks", "marks"}


def test_at_most_twenty_faults_are_told() -> None:
    assert len(refusal(ShoutOptions, text="", **{f"x{n}": 1 for n in range(50)}).errors) == 20


def test_what_was_sent_is_not_repeated() -> None:
    assert "secret" not in str(refusal(ShoutOptions, text="", marks="secret").as_dict())


def test_text_is_decoded_or_the_place_told() -> None:
    assert read_text("é\x00".encode(), "text") == "é\x00"
    with pytest.raises(Problem, match="byte 0xff at offset 1") as refused:
        read_text(b"a\xff", "text")
    assert (refused.value.code, refused.value.errors[0]["field"]) == ("invalid_encoding", "text")


def test_null_is_not_given_unless_a_call_clears_by_it() -> None:
    data = b'{"a": null, "b": {"c": null, "d": [null, {"e": null}]}}'
    assert read_object(data, "body") == {"b": {"d": [None, {}]}}
    assert read_object(data, "body", null=True) == {"a": None, "b": {"c": None, "d": [None, {"e": None}]}}
