"""The runner itself: a contract that nothing can break would be none."""

import json

import pytest

from tests.contract.pixels import as_png
from tests.contract.runner import Case, Outcome, check
from tests.thumbnail import pictures

HTML = Outcome(200, b"<b>", type="text/html", about={"language": "python", "plaintext": False, "degraded": None})
LIST = Outcome(200, json.dumps({"styles": [{"name": "a", "dark": True}, {"name": "b"}]}).encode())
PROBLEM = {"status": 422, "problem": {"code": "unknown_language"}}
PLAIN = {"language": "c", "plaintext": True, "degraded": "deadline"}
PNG = {"status": 200, "type": "image/png", "body": "iVA=", "encoding": "base64", **PLAIN}
BATCH = Outcome(200, json.dumps({"results": [PNG, PROBLEM]}).encode())
FLAG = pictures.flag(16, 12)
SEEN = {"pixels": as_png(pictures.file(FLAG, "PNG"))}
REFUSAL = Outcome(422, error="unknown_language")


def checked(expect, outcome):
    check(Case("a case", "highlight", expect), lambda case: outcome)


@pytest.mark.parametrize(
    ("expect", "outcome"),
    [
        ({"text": "<b>", "type": "text/html", "status": 200, "language": "python", "plaintext": False}, HTML),
        ({"base64": "PGI+"}, HTML),
        ({"status": 200, "type": "text/html"}, Outcome(None)),
        ({"includes": {"styles": [{"name": "b"}, {"dark": True}]}}, LIST),
        (SEEN, Outcome(200, pictures.file((FLAG * 0.99).astype("uint8"), "PNG"))),
        ({"error": "unknown_language", "status": 422}, REFUSAL),
        ({"results": [{"base64": "iVA=", **PLAIN}, {"error": "unknown_language", "status": 422}]}, BATCH),
    ],
)
def test_what_is_expected_passes(expect, outcome):
    checked(expect, outcome)


@pytest.mark.parametrize(
    ("expect", "outcome"),
    [
        ({"text": "<b>\n"}, HTML),
        ({"base64": "PGI="}, HTML),
        ({"type": "text/plain"}, HTML),
        ({"language": "ruby"}, HTML),
        ({"plaintext": True}, HTML),
        ({"degraded": "deadline"}, HTML),
        ({"error": "unknown_language"}, HTML),
        ({"status": 422}, REFUSAL),
        ({"error": "invalid_option"}, REFUSAL),
        ({"error": "unknown_language", "status": 400}, REFUSAL),
        (SEEN, Outcome(200, pictures.file(FLAG[::-1], "PNG"))),
        (SEEN, Outcome(200, pictures.file(FLAG[:, :-1], "PNG"))),
        (SEEN, Outcome(200, pictures.file((FLAG * 0.9).astype("uint8"), "PNG"))),
        ({"includes": {"styles": [{"name": "c"}]}}, LIST),
        ({"includes": {"styles": [{"name": "b", "dark": True}]}}, LIST),
        ({"includes": {"formats": None, "styles": {}}}, LIST),
        ({"results": [{"language": "c"}]}, BATCH),
        ({"results": [{"language": "d"}, {"error": "unknown_language"}]}, BATCH),
        ({"results": [{"language": "c"}, {"status": 422}]}, BATCH),
    ],
)
def test_anything_else_fails(expect, outcome):
    with pytest.raises(AssertionError, match="a case"):
        checked(expect, outcome)


def test_expectation_that_nobody_checks_is_an_error():
    with pytest.raises(ValueError, match="colour"):
        checked({"colour": "red"}, HTML)
    with pytest.raises(TypeError, match="colour"):
        Case(name="a case", call="highlight", expect={}, colour="red")
