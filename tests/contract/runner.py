"""Runs contract cases (``*.json`` beside this file) through any face, and compares in one place.

A face is a function from a case to an Outcome. What a case expects::

    {"text": …} or {"base64": …}    the whole answer
    {"pixels": …}    a PNG in base64 that shows what the answer, a picture, does
    {"error": code, "status": …}    a refusal
    {"includes": …}    JSON that appears somewhere in the answer's JSON
    {"results": [{…}, …]}    for each result of a batch, the same again
    {"type": …} or whatever else the service says about an answer: language, degraded, changes …

What a case does not mention is not compared, nor is a status or type that a face has no word for (None).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.contract.pixels import difference

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One call of a client, by name, with all that it is given, and what it gives."""

    name: str
    call: str
    expect: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    service: str = "highlight"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    status: int | None
    body: bytes = b""
    type: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


class Request(NamedTuple):
    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    type: str = "text/plain"


class Reply(NamedTuple):
    status: int | None
    headers: Mapping[str, str]
    body: bytes


Face = Callable[[Case], Outcome]


def load(*names: str) -> list[Case]:
    """Return the cases of the files with these *names*, or of all."""
    files = [HERE / f"{name}.json" for name in names] or sorted(HERE.glob("*.json"))
    return [
        Case(**fields, service=file.stem) for file in files for fields in json.loads(file.read_text("utf-8"))["cases"]
    ]


def written(value: object) -> str:
    """Return an option as a query and a command line have it."""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def check(case: Case, face: Face) -> None:
    """Run *case* through *face*; an AssertionError says where the outcome is not what is expected."""
    compare(case.expect, face(case), case.name)


def compare(expect: Mapping[str, Any], outcome: Outcome, where: str) -> None:
    assert outcome.error == expect.get("error"), f"{where}: {outcome}"
    for fact, value in expect.items():
        match fact:
            case "text":
                assert outcome.body.decode() == value, where
            case "base64":
                assert outcome.body == base64.b64decode(value), where
            case "pixels":
                differs = difference(value, outcome.body)
                assert differs is None, f"{where}: {differs}"
            case "includes":
                lack = lacking(value, json.loads(outcome.body))
                assert lack is None, f"{where}: lacks {lack}"
            case "results":
                results = json.loads(outcome.body)["results"]
                assert len(results) == len(value), where
                for index, (wanted, item) in enumerate(zip(value, results, strict=True)):
                    compare(wanted, result_of(item), f"{where}: result {index}")
            case "status" | "type":
                assert getattr(outcome, fact) in (value, None), f"{where}: {fact}"
            case "error":
                pass
            case _ if fact in outcome.about:
                assert outcome.about[fact] == value, f"{where}: {fact}"
            case _:
                raise ValueError(f"{where}: nothing is said about {fact!r}")


def result_of(item: Mapping[str, Any]) -> Outcome:
    """Return one result of a batch as the outcome that the same call would have had alone."""
    if "problem" in item:
        return Outcome(item["status"], error=item["problem"]["code"])
    binary = item.get("encoding") == "base64"
    body = base64.b64decode(item["body"]) if binary else item["body"].encode()
    about = {name: value for name, value in item.items() if name not in ("status", "type", "body", "encoding")}
    return Outcome(item["status"], body, item["type"], about)


def lacking(part: Any, whole: Any) -> Any:
    """Return what of *part* does not appear in *whole*, or None. A list may hold more, in any order."""
    if isinstance(part, dict):
        if not isinstance(whole, dict):
            return part
        lacks = {name: lacking(value, whole.get(name)) for name, value in part.items()}
        return {name: lack for name, lack in lacks.items() if lack is not None} or None
    if isinstance(part, list):
        found = whole if isinstance(whole, list) else []
        return [value for value in part if all(lacking(value, item) is not None for item in found)] or None
    return None if part == whole else repr(part)
