"""What a client says and is answered: a JSON header in one frame, then contents or a body as they are.

A request is ``{"v": 1, "id", "task", "options", "deadline_ms", "request_id"}`` and a frame for each content of the
task; an answer ``{"v": 1, "id", "type", "meta"}`` and the body, or ``{"v": 1, "id", "problem"}``. docs/protocol.md
describes both.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import problems
from ..dispatch import Answer
from ..options import read_object
from ..problems import Problem

VERSION = 1
DEFAULT_DEADLINE_MS = 20_000  # as long as nginx waits for a service
MOST_DEADLINE_MS = 600_000
MOST_CONTENTS = 16
LONGEST_ID = 128  # characters
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MEMBERS = {"v", "id", "task", "options", "deadline_ms", "request_id"}

Frames = Sequence[bytes]

# The codes that belong to this face; problems.STATUS and the services have the others.
STATUS = {"unsupported_version": 400, "deadline": 503, "unknown_task": 404}


@dataclass(frozen=True)
class Header:
    """The header of a request, checked. *options* are the task's own affair; *deadline_ms* is from its arrival."""

    id: str
    task: str
    options: Mapping[str, Any]
    deadline_ms: int
    request_id: str


class Refused(Exception):
    """A request that cannot be read: the *problem*, and what could be read of its *id* and *request_id*."""

    def __init__(self, problem: Problem, id: str | None = None, request_id: str = "") -> None:
        super().__init__(problem.detail)
        self.problem, self.id, self.request_id = problem, id, request_id or new_request_id()


def read_header(data: bytes) -> Header:
    """Return the header in *data*, or raise Refused with what is wrong, naming the member."""
    try:
        values = read_object(data, "header")
    except Problem as problem:
        raise Refused(problem) from None
    id = values.get("id")
    known = id if isinstance(id, str) and 0 < len(id) <= LONGEST_ID else None
    given = values.get("request_id")
    request_id = given if isinstance(given, str) and REQUEST_ID.fullmatch(given) else new_request_id()
    try:
        return _header(values, request_id)
    except Problem as problem:
        raise Refused(problem, known, request_id) from None


def _header(values: Mapping[str, Any], request_id: str) -> Header:
    if values.get("v") != VERSION or isinstance(values["v"], bool):
        raise Problem.field("v", f"{VERSION} is expected", code="unsupported_version")
    for name in values.keys() - MEMBERS:
        raise Problem.field(name[:60], "there is no such member in a header", code="unknown_option")
    options = values.get("options", {})
    if not isinstance(options, dict):
        raise Problem.field("options", "a JSON object is expected")
    deadline = values.get("deadline_ms", DEFAULT_DEADLINE_MS)
    if not isinstance(deadline, int) or isinstance(deadline, bool) or not 0 < deadline <= MOST_DEADLINE_MS:
        raise Problem.field("deadline_ms", f"a whole number from 1 to {MOST_DEADLINE_MS} is expected")
    return Header(_text(values, "id"), _text(values, "task"), options, deadline, request_id)


def _text(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        raise Problem.field(name, "is required", code="missing_option")
    value = values[name]
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise Problem.field(name, f"text of 1 to {LONGEST_ID} characters is expected")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Problem.field(name, "not UTF-8: a lone surrogate", code="invalid_encoding") from None
    return value


def new_request_id() -> str:
    return uuid.uuid4().hex


def answer_frames(id: str, answer: Answer) -> list[bytes]:
    """Return the frames of *answer* to the request *id*."""
    return [_json({"v": VERSION, "id": id, "type": answer.type, "meta": dict(answer.meta)}), answer.body]


def problem_frames(
    id: str | None, problem: Problem, request_id: str, status: Mapping[str, int] | None = None
) -> list[bytes]:
    """Return the frames of a refusal; *status* are the codes of a service. *id* is None where none could be read."""
    codes = {**problems.STATUS, **STATUS, **(status or {})}
    document = problems.document(problem, codes, request_id=request_id)
    return [_json({"v": VERSION, "id": id, "problem": document})]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
