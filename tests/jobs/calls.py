"""How the one call of jobs that makes no job is made, by every face: may this be the path of a job?"""

import json

from mergepoint.client import Client
from tests.contract.runner import Case, Outcome, Reply, Request


def request_of(case: Case) -> Request:
    return Request("POST", "/jobs/check", "", case.options["path"].encode())


def outcome_of(case: Case, reply: Reply) -> Outcome:
    return Outcome(reply.status, reply.body, None, json.loads(reply.body))


def called(client: Client, case: Case) -> Outcome:
    return Outcome(200, about={"service": client.jobs.check(case.options["path"])})


def command_of(case: Case) -> tuple[list[str], bytes]:
    return ["check"], case.options["path"].encode()
