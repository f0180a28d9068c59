"""Callbacks as callers ask for them: which addresses may be one, whose secret signs, and what is refused."""

import base64
import json
import pathlib
from collections.abc import Callable, Mapping

import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from mergepoint.jobs import Engine, Jobs
from mergepoint.jobs.config import Settings
from mergepoint.jobs.core import new_id
from mergepoint.jobs.identities import Identities
from mergepoint.jobs.queue.callbacks import Tried
from mergepoint.jobs.web import create_app
from tests.jobs.queues import done
from tests.jobs.test_identities import KEY, token

NOBODY = {"X-Real-IP": "10.0.0.9", "Mergepoint-Identity": "nobody"}
LISTED = "https://hooks.example.com https://*.example.org http://inside.test:9000=10.0.0.0/8 http://10.1.2.3:9000"
URL = "https://hooks.example.com/told?by=jobs"
MakeClient = Callable[[str], FlaskClient]


def ada(**claims: object) -> dict[str, str]:
    return {"X-Real-IP": "10.0.0.9", "Mergepoint-Identity": token(**claims)}


@pytest.fixture
def make_client(jobs: Jobs, tmp_path: pathlib.Path) -> MakeClient:
    identities = Identities({"k": KEY.public_key().public_bytes_raw()}.get)

    def make(callbacks: str) -> FlaskClient:
        settings = Settings.model_construct(state=tmp_path, callbacks=callbacks)
        return create_app(settings, jobs, identities).test_client()

    return make


@pytest.fixture
def client(make_client: MakeClient) -> FlaskClient:
    return make_client(LISTED)


def by_header(client: FlaskClient, callback: str, who: Mapping[str, str]) -> TestResponse:
    """Send what nginx's hop sends."""
    hop = {
        "Mergepoint-Method": "POST",
        "Mergepoint-Target": "/highlight",
        "Mergepoint-Later-Service": "highlight",
        "Mergepoint-Job": new_id(),
        "Mergepoint-Callback": callback,
    }
    return client.post("/jobs/_accept", data=b"x", headers={**hop, **who})


def by_json(client: FlaskClient, callback: str, who: Mapping[str, str]) -> TestResponse:
    return client.post("/jobs", json={"path": "/highlight", "callback": callback}, headers=dict(who))


WAYS = pytest.mark.parametrize(("ask", "field"), [(by_header, "Mergepoint-Callback"), (by_json, "callback")])
Ask = Callable[[FlaskClient, str, Mapping[str, str]], TestResponse]


def refusal(answer: TestResponse, field: str) -> str:
    assert answer.status_code == 422
    [error] = answer.json["errors"]  # type: ignore[index]
    assert error["field"] == field
    return str(error["message"])


@WAYS
def test_without_listed_origins_callbacks_are_off(make_client: MakeClient, ask: Ask, field: str) -> None:
    for who in (ada(), NOBODY):
        assert "JOBS_CALLBACKS" in refusal(ask(make_client(""), URL, who), field)


@WAYS
def test_a_job_that_belongs_to_nobody_has_no_callback(client: FlaskClient, ask: Ask, field: str) -> None:
    assert "login" in refusal(ask(client, URL, NOBODY), field)


TAKEN = [
    URL, "https://a.b.example.org/", "HTTPS://HOOKS.example.com:443", "http://inside.test:9000/", "http://10.1.2.3:9000/x",
]  # fmt: skip
REFUSED = [
    "http://hooks.example.com/", "https://hooks.example.com:444/", "https://example.org/", "https://other.test/",
    "https://hooks.example.com.evil.test/", "http://10.1.2.4:9000/", "http://10.1.2.3/", "ftp://hooks.example.com/",
    "hooks.example.com", "//hooks.example.com/", "https://ada:x@hooks.example.com/", "https://hooks.example.com\\@x/",
    "https://hooks.example.com/a b", "https://", "javascript:alert(1)", "https://hooks.example.com/" + "a" * 9000,
]  # fmt: skip


@WAYS
def test_an_address_of_a_listed_origin_is_taken_and_no_other(client: FlaskClient, ask: Ask, field: str) -> None:
    for url in TAKEN:
        answer = ask(client, url, ada())
        assert answer.status_code == 202, url
        assert answer.json["callback"] == {"url": url, "state": "pending", "tries": 0}  # type: ignore[index]
    for url in REFUSED:
        assert refusal(ask(client, url, ada()), field), url


def test_what_no_header_can_hold_is_refused_in_json(client: FlaskClient) -> None:
    for url in ("", " ", "https://hooks.example.com/\r\nX: y", "https://hooks.example.com/é", "\0"):
        refusal(by_json(client, url, ada()), "callback")
    for value in (1, True, [], {}):
        refusal(client.post("/jobs", json={"path": "/highlight", "callback": value}, headers=ada()), "callback")


PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "localhost", "LOCALHOST.", "a.localhost",
    "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[64:ff9b::7f00:1]",
]  # fmt: skip


def test_a_private_address_is_refused_in_every_spelling(make_client: MakeClient) -> None:
    client = make_client("*")
    for host in PRIVATE:
        assert "not allowed" in refusal(by_header(client, f"http://{host}/", ada()), "Mergepoint-Callback")
    assert by_header(client, "https://8.8.8.8/", ada()).status_code == 202


def test_a_job_tells_how_its_callback_is(client: FlaskClient, engine: Engine) -> None:
    id = by_header(client, URL, ada()).json["id"]  # type: ignore[index]
    [job] = engine.claim(1)
    done(engine, job)
    shown = client.get(f"/jobs/{id}", headers=ada()).json["callback"]  # type: ignore[index]
    assert (shown["url"], shown["state"], shown["tries"]) == (URL, "pending", 0)
    [delivery] = engine.claim_callbacks(1)
    engine.settle_callback(delivery, Tried(False, 503, "status_503", 30.0))
    shown = client.get(f"/jobs/{id}", headers=ada()).json["callback"]  # type: ignore[index]
    assert shown == {
        "url": URL, "state": "pending", "tries": 1, "status": 503, "code": "status_503",
        "next": "1970-01-12T13:47:10.000Z",
    }  # fmt: skip
    listed = client.get("/jobs", headers=ada()).json["jobs"]  # type: ignore[index]
    assert listed[0]["callback"] == shown


def test_a_secret_is_its_owners_and_may_be_replaced(client: FlaskClient) -> None:
    first = client.get("/jobs/callback-secret", headers=ada())
    assert first.headers["Cache-Control"] == "no-store"
    assert client.get("/jobs/callback-secret", headers=ada()).json == first.json
    secret = first.json["secret"]  # type: ignore[index]
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    Webhook(secret)
    assert client.get("/jobs/callback-secret", headers=ada(sub="8")).json["secret"] != secret  # type: ignore[index]
    replaced = client.post("/jobs/callback-secret/rotate", headers=ada())
    assert replaced.status_code == 200
    assert replaced.json["secret"] != secret  # type: ignore[index]
    assert replaced.json["replaced_until"] == "1970-01-13T13:46:40.000Z"  # type: ignore[index]
    assert client.get("/jobs/callback-secret", headers=ada()).json == replaced.json


def test_nobody_has_no_secret_and_other_sites_replace_none(client: FlaskClient) -> None:
    for answer in (
        client.get("/jobs/callback-secret", headers=NOBODY),
        client.post("/jobs/callback-secret/rotate", headers=NOBODY),
    ):
        assert answer.status_code == 401
    foreign = {**ada(), "Sec-Fetch-Site": "cross-site"}
    assert client.post("/jobs/callback-secret/rotate", headers=foreign).status_code == 403
    by_key = {**ada(scope="jobs"), "Sec-Fetch-Site": "cross-site"}
    assert client.post("/jobs/callback-secret/rotate", headers=by_key).status_code == 200
    for method in ("post", "delete", "put"):
        assert getattr(client, method)("/jobs/callback-secret", headers=ada()).status_code in (404, 405)


def test_the_document_has_the_secrets_paths(client: FlaskClient) -> None:
    paths = json.loads(client.get("/jobs/openapi.json").data)["paths"]
    assert "get" in paths["/jobs/callback-secret"]
    assert "post" in paths["/jobs/callback-secret/rotate"]
