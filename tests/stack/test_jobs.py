"""Jobs in containers: requests that run later, and what is left of them when containers end."""

import json
import secrets

import pytest

from tests.servers import Reply, wait_for
from tests.stack.compose import Stack

SOURCE = b"print('later')\n"
NOW = "/highlight?language=python"
HALF_A_MINUTE = 30


def later(stack: Stack, target: str, body: bytes) -> str:
    """Ask for it, later. Return where the job is."""
    accepted = stack.request("POST", target, body, headers={"Prefer": "respond-async"})
    assert accepted.status == 202, accepted.body
    return accepted.headers["Location"]


def result_of(stack: Stack, place: str) -> Reply:
    """The job's result, once it is there."""
    answers: list[Reply] = []

    def there() -> bool:
        answers.append(stack.request("GET", f"{place}/result"))
        return answers[-1].status not in (409, 503)

    wait_for(there, seconds=HALF_A_MINUTE)
    return answers[-1]


def test_a_request_runs_later_to_the_same_bytes(stack: Stack):
    direct = stack.request("POST", NOW, SOURCE)
    result = result_of(stack, later(stack, NOW, SOURCE))
    assert (result.status, result.body) == (200, direct.body)


def test_a_large_body_waits_on_a_disk_of_nginx(stack: Stack):
    """10 MB, which is more than any of nginx's folders in memory should hold for several callers at a time."""
    picture = b"GIF89a" + bytes(10_000_000)
    places = [later(stack, f"/thumbnail?width={width}", picture) for width in range(10, 16)]
    assert {result_of(stack, place).status for place in places} == {422}


@pytest.mark.parametrize("killed", [["jobs"], ["jobs-worker"], ["jobs", "jobs-worker", "highlight"]])
def test_accepted_jobs_are_done_whatever_container_was_killed(stack: Stack, killed):
    targets = [f"{NOW}&linenos=inline&linenostart={number}" for number in range(1, 31)]
    places = [later(stack, target, SOURCE) for target in targets]
    stack.compose("kill", "--signal", "KILL", *killed)
    stack.up()
    for target, place in zip(targets, places, strict=True):
        result = result_of(stack, place)
        assert (result.status, result.body) == (200, stack.request("POST", target, SOURCE).body)


def test_jobs_outlive_their_containers(stack: Stack):
    """`docker compose down` removes the containers of the suite and leaves the volumes."""
    stack.compose("stop", "jobs-worker")
    key = {"Prefer": "respond-async", "Idempotency-Key": secrets.token_urlsafe(22)}
    place = stack.request("POST", NOW, SOURCE, headers=key).headers["Location"]
    stack.compose("rm", "--force", "--stop", "jobs", "jobs-worker")
    stack.up()
    assert stack.request("POST", NOW, SOURCE, headers=key).headers["Location"] == place
    assert result_of(stack, place).status == 200


def test_a_stopped_worker_lets_its_jobs_finish(stack: Stack):
    place = later(stack, NOW, SOURCE)
    stack.compose("stop", "jobs-worker")
    assert {container["State"]["ExitCode"] for container in stack.inspect("jobs-worker")} == {0}
    assert json.loads(stack.request("GET", place).body)["state"] in ("queued", "done")
    stack.up()
    assert result_of(stack, place).status == 200
