"""How the calls of highlight are made, by every face, and what they give."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

from mergepoint.client import ApiError, Client
from tests.contract.runner import Case, Outcome, Reply, Request, written

TEXT = "text/plain; charset=utf-8"
SAID = ("language", "plaintext", "degraded")


def request_of(case: Case) -> Request:
    """Return the request as the service's README shows it."""
    options = {name: written(value) for name, value in case.options.items() if name != "snippets"}
    code = options.pop("code", "").encode(errors="surrogatepass")
    style = quote(options.pop("name", ""), safe="")
    query = urlencode(options)
    match case.call:
        case "highlight":
            return Request("POST", "/highlight", query, code, TEXT)
        case "guess":
            return Request("POST", "/highlight/guess", query, code, TEXT)
        case "batch":
            return Request("POST", "/highlight/batch", query, json.dumps(case.options).encode(), "application/json")
        case "stylesheet":
            return Request("GET", f"/highlight/styles/{style}.css", query)
        case _:
            return Request("GET", f"/highlight/{case.call}", query)


def outcome_of(case: Case, reply: Reply) -> Outcome:
    """Return what an answer over HTTP, or one of the command line with the same headers, says."""
    headers = reply.headers
    about = {
        "language": headers.get("Mergepoint-Language"),
        "plaintext": headers.get("Mergepoint-Plaintext") == "1",
        "degraded": headers.get("Mergepoint-Degraded"),
    }
    return Outcome(reply.status, reply.body, headers.get("Content-Type"), about if case.call == "highlight" else {})


def called(client: Client, case: Case) -> Outcome:
    """Return what the Python client gives."""
    result: Any = getattr(client, case.call)(**case.options)
    if isinstance(result, list):  # the client takes the list out of its JSON
        name = {"guess": "candidates", "batch": "results"}.get(case.call, case.call)
        items = [unparsed(item) if case.call == "batch" else item for item in result]
        return Outcome(200, json.dumps({name: items}).encode())
    body = result if isinstance(result, bytes) else result.encode()
    if case.call == "stylesheet":
        return Outcome(200, body)
    return Outcome(200, bytes(body), result.type, {name: getattr(result, name) for name in SAID})


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
        **{name: getattr(item, name) for name in SAID},
    }


def command_of(case: Case) -> tuple[list[str], bytes]:
    """Return the words of a command line, and its standard input."""
    if case.call == "batch":
        return ["batch", "-"], json.dumps(case.options).encode()
    options = dict(case.options)
    code = options.pop("code", "")
    task = [] if case.call == "highlight" else [case.call]
    return [*task, *(f"--{name}={written(value)}" for name, value in options.items())], code.encode()
