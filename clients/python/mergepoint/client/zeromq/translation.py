"""From the request of a call to a message of docs/protocol.md, and from the answer to what the call reads.

The path says the task, query and JSON are the options, and what else is in a body is a frame of its own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from requests.structures import CaseInsensitiveDict

from ..calls import JSON, Call
from ..errors import InvalidRequest
from ..results import json_object
from ..server import Answer

VERSION = 1
Frames = Sequence[bytes]

TASKS = {
    "/highlight": "highlight/highlight",
    "/highlight/guess": "highlight/guess",
    "/highlight/batch": "highlight/batch",
    "/highlight/languages": "highlight/languages",
    "/highlight/formats": "highlight/formats",
    "/highlight/styles": "highlight/styles",
    "/htmldiff": "htmldiff/htmldiff",
    "/htmldiff/apply": "htmldiff/apply",
    "/htmldiff/annotate": "htmldiff/annotate",
    "/thumbnail": "thumbnail/thumbnail",
    "/thumbnail/info": "thumbnail/info",
    "/thumbnail/set": "thumbnail/set",
    "/auth/check": "auth/check",
    "/jobs/check": "jobs/check",
}
STYLESHEET = re.compile(r"/highlight/styles/(?P<name>.*)\.css", re.DOTALL)
PAIR = ("old", "new")  # the contents of a task that a body has in JSON


@dataclass(frozen=True)
class Message:
    """What is asked of a server, without what is particular to one attempt."""

    task: str
    options: Mapping[str, Any]
    contents: Frames

    def frames(self, id: str, *, seconds: float, request_id: str) -> Frames:
        """Return the frames of a request that is to be begun within so many *seconds*."""
        header = {"v": VERSION, "id": id, "task": self.task, "options": self.options, "request_id": request_id}
        deadline = min(max(1, round(seconds * 1000)), 600_000)
        return [json.dumps({**header, "deadline_ms": deadline}).encode(), *self.contents]


def message(call: Call[Any], server: str) -> Message:
    """Return what *call* asks; raise InvalidRequest if it is none of the tasks: not all that HTTP has is here."""
    url = urlsplit(call.path)
    options: dict[str, Any] = dict(parse_qsl(url.query, keep_blank_values=True))
    path = url.path
    if found := STYLESHEET.fullmatch(path):
        return Message("highlight/stylesheet", {**options, "name": unquote(found["name"])}, [])
    if path not in TASKS:
        raise InvalidRequest(f"{server}: {call.method} {path} is not to be had over ZeroMQ", code="unknown_task")
    body = call.body if call.body is None or isinstance(call.body, bytes) else call.body.read()
    if body is not None and call.type == JSON:
        options, body = {**options, **json.loads(body)}, None
    if body is not None:
        return Message(TASKS[path], options, [body])
    contents = [options.pop(name).encode() for name in PAIR] if options.keys() >= {*PAIR} else []
    return Message(TASKS[path], options, contents)


def read_id(frames: Frames) -> object:
    """Return the id in an answer; None if there is none."""
    return json_object(frames[0]).get("id")


def read(frames: Frames, request_id: str) -> Answer:
    """Return the answer in *frames* as the call would have had it over HTTP. Raises LookupError or TypeError."""
    header = json_object(frames[0])
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict({"X-Request-Id": request_id})
    if "problem" in header:
        problem = header["problem"]
        return Answer(int(problem["status"]), headers, json.dumps(problem).encode())
    [body] = frames[1:]
    return Answer(200, CaseInsensitiveDict({**headers, "Content-Type": header["type"], **header["meta"]}), body)
