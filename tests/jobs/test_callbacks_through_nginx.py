"""Callbacks with the real nginx, auth and worker: asked for by sessions and keys, verified with a secret of jobs."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.auth.place import Place, Visitor, end
from tests.jobs.receiver import Receiver, new_receiver
from tests.servers import wait_for

pytestmark = pytest.mark.long

SECRET = "/jobs/callback-secret"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    yield from new_receiver()


@pytest.fixture(scope="module")
def place(receiver: Receiver) -> Iterator[Place]:
    place = Place(JOBS_CALLBACKS=receiver.origin)
    place.environment["JOBS_STATE"] = str(place.run / "jobs")
    place.environment["JOBS_DOOR"] = str(place.run / "door/door.sock")
    place.start()
    place.start_service("jobs")
    place.start_service("highlight")
    with place.log.open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "mergepoint.jobs.worker"], env=place.environment, stdout=log, stderr=log
        )
    yield place
    end(worker)
    place.stop()


@pytest.fixture(scope="module")
def ada(place: Place) -> Visitor:
    return place.user("ada")


def key_of(visitor: Visitor, *scopes: str) -> dict[str, str]:
    made = visitor.post("/auth/keys", {"name": "x", "scopes": list(scopes)}).json
    return {"Authorization": f"Bearer {made['secret']}"}


def test_a_message_about_a_job_arrives_and_its_secret_is_read_by_session_and_key(
    place: Place, receiver: Receiver, ada: Visitor
) -> None:
    key = key_of(ada, "jobs", "highlight")
    headers = {**key, "Prefer": "respond-async", "Mergepoint-Callback": receiver.url}
    made = place.request("POST", "/highlight?language=python", b"print(1)", headers)
    assert made.status == 202, made.body
    id = made.json["id"]
    wait_for(lambda: place.request("GET", f"/jobs/{id}", None, key).json["callback"]["state"] == "delivered")
    secret = place.request("GET", SECRET, None, key).json["secret"]
    assert receiver.messages[-1].verify(secret)["data"] | {"attempts": 1} == {
        "id": id, "state": "done", "service": "highlight", "status": 200, "attempts": 1,
        "links": {"job": f"/jobs/{id}", "result": f"/jobs/{id}/result"},
    }  # fmt: skip
    session = {"Authorization": f"Bearer {ada.token}"}
    assert place.request("GET", SECRET, None, session).json["secret"] == secret
    replaced = place.request("POST", f"{SECRET}/rotate", b"", session)
    assert (replaced.status, replaced.json["secret"] != secret) == (200, True)


def test_nobody_and_no_key_without_the_scope_has_a_secret(place: Place, ada: Visitor) -> None:
    assert place.request("GET", SECRET).status == 401
    without = key_of(ada, "highlight")
    assert place.request("GET", SECRET, None, without).status == 403
    assert place.request("POST", f"{SECRET}/rotate", b"", without).status == 403
    assert ada.request("GET", SECRET).status == 200
    anonymous = {"Prefer": "respond-async", "Mergepoint-Callback": "https://example.com/"}
    refused = place.request("POST", "/highlight?language=python", b"x", anonymous)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "Mergepoint-Callback")


def test_a_page_of_another_site_replaces_no_secret(place: Place, ada: Visitor) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert ada.request("POST", f"{SECRET}/rotate", {}, headers=foreign).status == 403
    assert ada.request("POST", f"{SECRET}/rotate", {}, headers={"Sec-Fetch-Site": "same-origin"}).status == 200
