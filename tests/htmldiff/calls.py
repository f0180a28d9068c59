"""How the calls of htmldiff are made, by every face, and what they give. The same as JSON everywhere."""

import json
from typing import Any

from mergepoint.client import Client
from tests.contract.runner import Case, Outcome, Reply, Request

PATHS = {"htmldiff": "/htmldiff", "apply": "/htmldiff/apply", "annotate": "/htmldiff/annotate"}
SAID = {"htmldiff": ("changes", "counts", "granularity", "degraded"), "annotate": ("parts", "granularity", "degraded")}


def request_of(case: Case) -> Request:
    return Request("POST", PATHS[case.call], "", fields(case), "application/json")


def outcome_of(case: Case, reply: Reply) -> Outcome:
    if case.call == "apply":
        return Outcome(reply.status, reply.body, reply.headers.get("Content-Type"))
    told = json.loads(reply.body)
    return Outcome(reply.status, told["html"].encode(), None, {name: told[name] for name in SAID[case.call]})


def called(client: Client, case: Case) -> Outcome:
    result: Any = getattr(client, case.call)(**case.options)
    about = {name: getattr(result, name) for name in SAID.get(case.call, ())}
    return Outcome(200, result.encode(), None, about)


def command_of(case: Case) -> tuple[list[str], bytes]:
    return [*([] if case.call == "htmldiff" else [case.call]), "-"], fields(case)


def fields(case: Case) -> bytes:
    return json.dumps({**case.options, **({"format": "json"} if case.call in SAID else {})}).encode()
