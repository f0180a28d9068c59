"""Errors have the members of RFC 9457, and statuses that every face agrees on."""

import pytest

from mergepoint.kit import problems
from mergepoint.kit.problems import Problem


def test_a_problem_is_an_rfc_9457_object() -> None:
    document = problems.document(Problem.field("marks", "too many"), problems.STATUS, request_id="r1")
    assert document == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "code": "invalid_option",
        "detail": "marks: too many",
        "errors": [{"field": "marks", "message": "too many"}],
        "request_id": "r1",
    }


@pytest.mark.parametrize(("code", "status"), [*problems.STATUS.items(), ("a_code_of_a_core", 422)])
def test_every_code_has_a_status_and_its_title(code: str, status: int) -> None:
    document = problems.document(Problem(code, "why"), problems.STATUS)
    assert document["status"] == status
    assert document["title"]


def test_a_service_may_say_what_its_codes_mean() -> None:
    assert problems.document(Problem("unknown_animal", ""), {"unknown_animal": 404})["status"] == 404


def test_an_error_of_a_core_keeps_its_code_and_field() -> None:
    class Unknown(LookupError):
        code = "unknown"

    assert Problem.of(Unknown("why")).as_dict() == {"code": "unknown", "detail": "why"}
