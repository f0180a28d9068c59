"""Calls a task by name: what the sandbox and the command line have in common.

A task's function takes one Options model, or nothing, and returns an Answer. Here calls and answers also become bytes:
lines of JSON, then, as they are, the binary content of a call and the body of an answer.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .options import Options, binary_field, content_fields, validate
from .problems import Problem

Function = Callable[..., "Answer"]


@dataclass(frozen=True)
class Answer:
    """A task's result: bytes of a media type, and what a face may say beside them."""

    body: bytes
    type: str
    meta: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, **meta: str) -> "Answer":
        return cls(json.dumps(value, ensure_ascii=False).encode(), "application/json", meta)


def model_of(task: Function) -> type[Options] | None:
    """Return the model that *task* takes, from its first parameter's annotation."""
    for parameter in inspect.signature(task, eval_str=True).parameters.values():
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Options):
            return parameter.annotation
        break
    return None


def contents_of(task: Function | None) -> list[str]:
    """Name the options of *task* that files fill, in order."""
    model = model_of(task) if task else None
    return list(content_fields(model)) if model else []


def dispatch(tasks: Mapping[str, Function], name: str, options: Mapping[str, Any]) -> Answer:
    """Validate *options* and run the task; every refusal, the core's own too, is a Problem."""
    if name not in tasks:
        raise Problem.field("task", f"one of {', '.join(sorted(tasks))}", code="unknown_task")
    return call(tasks[name], model_of(tasks[name]), options)


def call(task: Function, model: type[Options] | None, options: Mapping[str, Any]) -> Answer:
    """Validate *options* by the task's *model*, which takes a while to find out, and run it, as ``dispatch`` does."""
    if model is None and options:
        raise Problem.field(next(iter(options)), "this task takes no options", code="unknown_option")
    return run(task, validate(model, options) if model else None)


def run(task: Function, options: Options | None) -> Answer:
    """Run *task*; an exception of the core's own, which has a ``code``, becomes a Problem."""
    try:
        return task() if options is None else task(options)
    except (LookupError, ValueError) as error:
        if hasattr(error, "code"):
            raise Problem.of(error) from error
        raise


def encode_call(name: str, options: Options) -> list[bytes]:
    """Return a call's parts, which are one after another what a ``server`` takes; the last may be large."""
    content = binary_field(type(options))
    head = options.model_dump_json(exclude_unset=True, exclude={content} if content else None)
    lines = f"{name}\n{head}".encode()
    return [lines + b"\n", getattr(options, content)] if content else [lines]


def server(tasks: Mapping[str, Function], *, most: int) -> Callable[[bytes], bytes]:
    """Return what a sandbox child runs: an encoded call in, an encoded answer of at most *most* bytes out."""
    models = {name: model_of(task) for name, task in tasks.items()}

    def serve(call: bytes) -> bytes:
        end = call.index(b"\n")
        name = call[:end].decode()
        task, model = tasks[name], models[name]
        try:
            answer = run(task, _decode(call, end + 1, model) if model else None)
            if len(answer.body) > most:
                raise Problem(
                    "output_too_large",
                    f"the answer has {len(answer.body)} bytes; {most} are allowed",
                )
        except Problem as problem:
            return _encode({"problem": problem.as_dict()}, b"")
        return _encode({"type": answer.type, "meta": answer.meta}, answer.body)

    return serve


def decode_answer(data: bytes) -> Answer:
    """Return the Answer, or raise the Problem, that a ``server`` encoded."""
    head, _, body = data.partition(b"\n")
    fields = json.loads(head)
    if "problem" in fields:
        raise Problem(**fields["problem"])
    return Answer(body, fields["type"], fields["meta"])


def _decode(call: bytes, at: int, model: type[Options]) -> Options:
    """Return the options that begin at *at* of *call*, which is not copied more often than it must be."""
    content = binary_field(model)
    if not content:
        return model.model_validate_json(call[at:])
    end = call.index(b"\n", at)
    return model.model_validate({**json.loads(call[at:end]), content: call[end + 1 :]})


def _encode(head: Mapping[str, Any], body: bytes) -> bytes:
    return json.dumps(head).encode() + b"\n" + body
