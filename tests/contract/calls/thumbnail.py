"""How the calls of thumbnail are made, by every face, and what they give. In a case a picture is in base64."""

import base64
from urllib.parse import urlencode

from mergepoint.client import Client
from tests.contract.runner import Case, Outcome, Reply, Request, written

SIZES = {
    "width": "X-Result-Width",
    "height": "X-Result-Height",
    "origin_width": "X-Origin-Width",
    "origin_height": "X-Origin-Height",
}


def request_of(case: Case) -> Request:
    return Request("POST", "/thumbnail", urlencode(options(case)), image(case), "image/png")


def outcome_of(case: Case, reply: Reply) -> Outcome:
    about = {name: int(reply.headers[header]) for name, header in SIZES.items()}
    return Outcome(reply.status, reply.body, reply.headers.get("Content-Type"), about)


def called(client: Client, case: Case) -> Outcome:
    given = {name: value for name, value in case.options.items() if name != "image"}
    result = client.thumbnail(image(case), **given)
    return Outcome(200, bytes(result), result.type, {name: getattr(result, name) for name in SIZES})


def command_of(case: Case) -> tuple[list[str], bytes]:
    return [f"--{name}={value}" for name, value in options(case).items()], image(case)


def options(case: Case) -> dict[str, str]:
    return {name: written(value) for name, value in case.options.items() if name != "image"}


def image(case: Case) -> bytes:
    return base64.b64decode(case.options["image"])
