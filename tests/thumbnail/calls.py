"""How the calls of thumbnail are made, by every face, and what they give. In a case a picture is in base64."""

import base64
import io
import json
import zipfile
from typing import Any
from urllib.parse import urlencode

from mergepoint.client import Client
from tests.contract.runner import Case, Outcome, Reply, Request, written

SIZES = {
    "width": "X-Result-Width",
    "height": "X-Result-Height",
    "origin_width": "X-Origin-Width",
    "origin_height": "X-Origin-Height",
}


PATHS = {"thumbnail": "/thumbnail", "info": "/thumbnail/info", "thumbnail_set": "/thumbnail/set"}
TOLD = ("files", "srcset", "html")  # of a set, however it is packed


def request_of(case: Case) -> Request:
    return Request("POST", PATHS[case.call], urlencode(options(case)), image(case), "image/png")


def outcome_of(case: Case, reply: Reply) -> Outcome:
    if case.call == "info":
        return Outcome(reply.status, json.dumps({"info": json.loads(reply.body)}).encode())
    if case.call == "thumbnail_set":
        return Outcome(reply.status, about=manifest(reply.body))
    about = {name: int(reply.headers[header]) for name, header in SIZES.items()}
    return Outcome(reply.status, reply.body, reply.headers.get("Content-Type"), about)


def called(client: Client, case: Case) -> Outcome:
    given = {name: value for name, value in case.options.items() if name != "image"}
    result = getattr(client, case.call)(image(case), **given)
    if case.call == "info":
        return Outcome(200, json.dumps({"info": result}).encode())
    if case.call == "thumbnail_set":
        return Outcome(200, about={name: getattr(result, name) for name in TOLD})
    return Outcome(200, bytes(result), result.type, {name: getattr(result, name) for name in SIZES})


def command_of(case: Case) -> tuple[list[str], bytes]:
    task = {"info": ["info"], "thumbnail_set": ["set"]}.get(case.call, [])
    return [*task, *(f"--{name}={value}" for name, value in options(case).items())], image(case)


def manifest(archive: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        told: dict[str, Any] = json.loads(files.read("manifest.json"))
        return told


def options(case: Case) -> dict[str, str]:
    return {name: written(value) for name, value in case.options.items() if name != "image"}


def image(case: Case) -> bytes:
    return base64.b64decode(case.options["image"])
