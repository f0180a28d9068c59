"""The faces: HTTP requests made by hand, the Python client, and the command line. How a service is called says its
tests/<service>/calls.py."""

import asyncio
import importlib
import inspect
import io
import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock

import requests
from werkzeug.test import Client as WSGIClient

from mergepoint.client import ApiError
from mergepoint.kit import cli
from tests.contract.runner import Case, Face, Outcome, Reply, Request

HTTP = Callable[[Request], Reply]


def calls_of(case: Case) -> ModuleType:
    """Return what knows how the calls of the case's service are made."""
    return importlib.import_module(f"tests.{case.service}.calls")


def wsgi(app: Any) -> HTTP:
    """Return a way to call a WSGI application without a server."""
    client = WSGIClient(app)

    def call(request: Request) -> Reply:
        method, path, query, body, type = request
        with client.open(path, method=method, query_string=query, data=body, content_type=type) as response:
            return Reply(response.status_code, response.headers, response.get_data())

    return call


def live(url: str) -> HTTP:
    """Return a way to call a server at *url*."""

    def call(request: Request) -> Reply:
        method, path, query, body, type = request
        headers = {"Content-Type": type} if body is not None else {}
        target = f"{url}{path}?{query}" if query else url + path
        response = requests.request(method, target, data=body, headers=headers, timeout=30, allow_redirects=False)
        return Reply(response.status_code, response.headers, response.content)

    return call


def http_face(http: HTTP) -> Face:
    """Return a face that makes each request as the service's README shows it."""

    def run(case: Case) -> Outcome:
        calls = calls_of(case)
        reply = http(calls.request_of(case))
        if reply.headers["Content-Type"] == "application/problem+json":
            return Outcome(reply.status, error=json.loads(reply.body)["code"])
        outcome: Outcome = calls.outcome_of(case, reply)
        return outcome

    return run


def client_face(client: Any) -> Face:
    """Return the face of a Python client, or of what has its calls."""

    def run(case: Case) -> Outcome:
        try:
            outcome: Outcome = calls_of(case).called(client, case)
            return outcome
        except ApiError as error:
            return Outcome(error.status, error=error.code)

    return run


class Awaited:
    """What an asynchronous client has, called without ``await``: so cases are called the same way by either client."""

    def __init__(self, of: Any, loop: asyncio.Runner) -> None:
        self._of, self.loop = of, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if not callable(found) or name == "later":
            return Awaited(found, self.loop)

        def call(*words: Any, **options: Any) -> Any:
            result = found(*words, **options)
            return self.loop.run(result) if inspect.iscoroutine(result) else result

        return call


class Done(NamedTuple):
    """What a command left."""

    status: int
    stdout: bytes
    stderr: str


Command = Callable[[list[str], bytes | None], Done]


def process(words: list[str], given: bytes | None) -> Done:
    """Run the command line as its users do, which takes most of a second to start."""
    command = [sys.executable, "-m", "mergepoint.kit.cli", *words]
    done = subprocess.run(command, input=given, capture_output=True, timeout=60)
    return Done(done.returncode, done.stdout, done.stderr.decode())


def called(words: list[str], given: bytes | None) -> Done:
    """Call what such a process calls, in this one."""
    stdin, stdout, stderr = (io.TextIOWrapper(io.BytesIO(start or b"")) for start in (given, None, None))
    with mock.patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr):
        status = cli.main(words)
    stdout.flush()
    stderr.seek(0)
    return Done(status, stdout.buffer.getvalue(), stderr.read())


def cli_face(run: Command) -> Face:
    """Return the face of the command line."""

    def face(case: Case) -> Outcome:
        calls = calls_of(case)
        words, given = calls.command_of(case)
        done = run([case.service, *words], given)
        if done.status:
            return Outcome(None, error=json.loads(done.stderr)["code"])
        about = dict(line.split(": ", 1) for line in done.stderr.splitlines())
        outcome: Outcome = calls.outcome_of(case, Reply(None, about, done.stdout))
        return outcome

    return face
