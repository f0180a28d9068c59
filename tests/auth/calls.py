"""How the one call of auth that takes no account is made, by every face: is this text an API key?"""

import json

from mergepoint.client import Client
from tests.contract.runner import Case, Outcome, Reply, Request


def request_of(case: Case) -> Request:
    return Request("POST", "/auth/check", "", case.options["key"].encode())


def outcome_of(case: Case, reply: Reply) -> Outcome:
    return Outcome(reply.status, reply.body, None, json.loads(reply.body))


def called(client: Client, case: Case) -> Outcome:
    return Outcome(200, about={"well_formed": client.auth.check(case.options["key"])})


def command_of(case: Case) -> tuple[list[str], bytes]:
    return ["check"], case.options["key"].encode()
