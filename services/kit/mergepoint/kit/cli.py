"""The command line of every service: ``python -m mergepoint.kit.cli highlight --language=python app.py``.

Every task of a service can be called: ``SERVICE [TASK] [--option=value …] [FILE …]``. The task is the service's own
name unless given; the options are the fields of the task's model. A task's content comes from FILE or standard input
(``-``); if it has several, from as many FILEs. A task without content, or with several and given one FILE, takes its
options from that FILE, as a JSON object.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from . import typed
from .config import defaults, settings_of
from .dispatch import dispatch, model_of
from .options import Options, content_fields, read_content, read_object
from .problems import Problem
from .service import find

USAGE = "usage: {} SERVICE [TASK] [--option=value …] [FILE …]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one task; its answer goes to standard output, a problem to standard error with exit code 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(_usage(), file=sys.stderr)
        return 2
    service = words.pop(0)
    try:
        tasks = find(service)(defaults(settings_of(service))).functions
    except LookupError as error:
        print(f"{error}\n{_usage()}", file=sys.stderr)
        return 2
    task = words.pop(0) if words and words[0] in tasks else service
    try:
        answer = dispatch(tasks, task, _options(words, model_of(tasks[task]) if task in tasks else None))
    except Problem as problem:
        print(json.dumps(problem.as_dict(), ensure_ascii=False), file=sys.stderr)
        return 1
    sys.stdout.buffer.write(answer.body)
    for name, value in answer.meta.items():
        print(f"{name}: {value}", file=sys.stderr)
    return 0


def _usage() -> str:
    return USAGE.format(typed.command("mergepoint.kit.cli"))


def _options(words: Iterable[str], model: type[Options] | None) -> dict[str, Any]:
    contents = list(content_fields(model)) if model else []
    options: dict[str, Any] = {}
    files = []
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            options[name.replace("-", "_")] = value if equals else True
        else:
            files.append(word)
    missing = [name for name in contents if name not in options]
    if len(contents) == 1 and not files:
        files = ["-"] * len(missing)
    if len(files) == 1 and len(contents) != 1 and len(missing) != 1:
        return read_object(_read(files[0]), "file") | options
    if len(files) > len(missing):
        raise Problem("invalid_option", f"unexpected {files[-1]!r}")
    given = zip(missing, files, strict=False)
    return options | {name: read_content(model, name, _read(file)) for name, file in given if model}


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise Problem("invalid_option", f"{file}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main())
