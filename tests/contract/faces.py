"""The faces: HTTP requests made by hand, the Python client, and the command line."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import requests
from werkzeug.test import Client as WSGIClient

from mergepoint.client import ApiError, Client
from tests.contract.runner import Case, Face, Outcome

TEXT = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


HTTP = Callable[[str, str, str, bytes | None, str], Reply]
"""A function from method, path, query, body and content type to a Reply."""


def wsgi(app: Any) -> HTTP:
    """Return a way to call a WSGI application without a server."""
    client = WSGIClient(app)

    def call(method: str, path: str, query: str, body: bytes | None, type: str) -> Reply:
        with client.open(path, method=method, query_string=query, data=body, content_type=type) as response:
            return Reply(response.status_code, response.headers, response.get_data())

    return call


def live(url: str) -> HTTP:
    """Return a way to call a server at *url*."""

    def call(method: str, path: str, query: str, body: bytes | None, type: str) -> Reply:
        headers = {"Content-Type": type} if body is not None else {}
        target = f"{url}{path}?{query}" if query else url + path
        response = requests.request(method, target, data=body, headers=headers, timeout=30, allow_redirects=False)
        return Reply(response.status_code, response.headers, response.content)

    return call


def http_face(http: HTTP) -> Face:
    """Return a face that makes each request as the service's README shows it."""

    def run(case: Case) -> Outcome:
        reply = http(*request_of(case))
        headers = reply.headers
        problem = headers["Content-Type"] == "application/problem+json"
        return Outcome(
            reply.status,
            reply.body,
            type=headers["Content-Type"],
            language=headers.get("Mergepoint-Language"),
            plaintext=headers.get("Mergepoint-Plaintext") == "1",
            degraded=headers.get("Mergepoint-Degraded"),
            error=json.loads(reply.body)["code"] if problem else None,
        )

    return run


def request_of(case: Case) -> tuple[str, str, str, bytes | None, str]:
    options = {name: written(value) for name, value in case.options.items()}
    style = quote(options.pop("name", ""), safe="")
    query = urlencode(options)
    match case.call:
        case "highlight":
            return "POST", "/highlight", query, case.code.encode(errors="surrogatepass"), TEXT
        case "guess":
            return "POST", "/highlight/guess", query, case.code.encode(errors="surrogatepass"), TEXT
        case "batch":
            body = json.dumps({"snippets": case.snippets}).encode()
            return "POST", "/highlight/batch", query, body, "application/json"
        case "stylesheet":
            return "GET", f"/highlight/styles/{style}.css", query, None, TEXT
        case _:
            return "GET", f"/highlight/{case.call}", query, None, TEXT


def written(value: object) -> str:
    """Return an option as the query has it."""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def client_face(client: Client) -> Face:
    """Return the face of the Python client"""

    def run(case: Case) -> Outcome:
        try:
            result = called(client, case)
        except ApiError as error:
            return Outcome(error.status, error=error.code)
        return described(result, case.call)

    return run


def called(client: Client, case: Case) -> Any:
    match case.call:
        case "highlight" | "guess":
            return getattr(client, case.call)(case.code, **case.options)
        case "batch":
            return client.batch(case.snippets)
        case "stylesheet":
            return client.stylesheet(**case.options)
        case _:
            return getattr(client, case.call)()


def described(result: Any, call: str) -> Outcome:
    if isinstance(result, list):  # the clients take the list out of its JSON
        name = {"guess": "candidates", "batch": "results"}.get(call, call)
        items = [unparsed(item) if call == "batch" else item for item in result]
        return Outcome(200, json.dumps({name: items}).encode())
    body = result if isinstance(result, bytes) else result.encode()
    if call == "stylesheet":
        return Outcome(200, body)
    return Outcome(200, bytes(body), result.type, result.language, result.plaintext, result.degraded)


def unparsed(item: Any) -> dict[str, Any]:
    """Return a result of a batch as it was in the JSON."""
    if isinstance(item, ApiError):
        return {"status": item.status, "problem": {"status": item.status, "code": item.code, "errors": item.errors}}
    binary = isinstance(item, bytes)
    return {
        "status": 200,
        "type": item.type,
        "body": base64.b64encode(item).decode() if binary else str(item),
        **({"encoding": "base64"} if binary else {}),
        "language": item.language,
        "plaintext": item.plaintext,
        "degraded": item.degraded,
    }


def cli_face(case: Case) -> Outcome:
    """The command line, a process for each call; the content comes from standard input."""
    task = [] if case.call == "highlight" else [case.call]
    options = [f"--{name}={written(value)}" for name, value in case.options.items()]
    given = json.dumps({"snippets": case.snippets}) if case.call == "batch" else case.code
    file = ["-"] if case.call == "batch" else []
    done = subprocess.run(
        [sys.executable, "-m", "mergepoint.kit.cli", "highlight", *task, *options, *file],
        input=given.encode(),
        capture_output=True,
        timeout=60,
    )
    said = done.stderr.decode()
    if done.returncode:
        return Outcome(None, error=json.loads(said)["code"])
    about = dict(line.split(": ", 1) for line in said.splitlines())
    return Outcome(
        None,
        done.stdout,
        language=about.get("Mergepoint-Language"),
        plaintext=about.get("Mergepoint-Plaintext") == "1",
        degraded=about.get("Mergepoint-Degraded"),
    )
