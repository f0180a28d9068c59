"""The door of jobs' workers: the same services, policies and cache, for workers alone and without hurry."""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.nginx.gateway import NGINX, Gateway, UnixConnection, fresh, is_problem
from tests.nginx.test_render import check
from tests.servers import wait_for

GRANT = {"Mergepoint-Grant": "g.r.t", "Idempotency-Key": "a-job", "Mergepoint-Attempt": "2"}
ADA = {"status": 200, "headers": {"Mergepoint-Identity": "a.d.a"}}
APPLICATIONS = "".join(
    f"""
location ^~ /{name}/ {{
    set $service {name};
    set $policy {policy};
    set $application unix:${{MERGEPOINT_RUN}}/highlight.sock;
    include snippets/policies/auth.conf;
    include snippets/policies/later.conf;
    include snippets/policies/identity.conf;
    proxy_pass http://$application;
}}
"""
    for name, policy in {"wiki": "user", "open": "public", "maybe": "optional"}.items()
)


@pytest.fixture(scope="module")
def gateway(make_gateway: Callable[..., Gateway], tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """With the strictest limits."""
    folder = tmp_path_factory.mktemp("applications")
    (folder / "some.conf").write_text(APPLICATIONS)
    return make_gateway(
        MERGEPOINT_RATE="1", MERGEPOINT_BURST="1", MERGEPOINT_IN_FLIGHT="1", MERGEPOINT_APPLICATIONS=str(folder)
    )


@pytest.fixture(autouse=True)
def known(gateway: Gateway) -> Iterator[None]:
    gateway.control(verify=ADA)
    yield
    gateway.control(seen=[])


def test_the_same_services_answer(gateway: Gateway) -> None:
    for method, path in (("POST", "/highlight"), ("QUERY", "/highlight"), ("GET", "/highlight/python/x")):
        word = fresh()
        answer = gateway.door(method, f"{path}?{word}", b"x" if method != "GET" else None, GRANT)
        assert (answer.status, answer.json["method"], answer.json["target"]) == (200, method, f"{path}?{word}")
    assert gateway.door("POST", "/thumbnail", b"x" * (10 * 1024 * 1024)).status == 200
    assert is_problem(gateway.door("POST", "/highlight", b"x" * (512 * 1024 + 1)), 413, "body_too_large")
    assert is_problem(gateway.door("DELETE", "/highlight"), 405, "method_not_allowed")
    assert is_problem(gateway.door("GET", "/highlight/%2e%2e/x"), 404, "not_found")


def test_what_is_known_at_one_of_them_is_known_at_the_other(gateway: Gateway) -> None:
    word = fresh()
    assert not gateway.door("POST", f"/highlight?{word}", b"x", GRANT).hit
    wait_for(lambda: gateway.door("POST", f"/highlight?{word}", b"x", GRANT).hit)
    assert gateway.post(f"/highlight?{word}", b"x").hit
    assert len(gateway.seen(word)) == 1


@pytest.mark.parametrize(
    "path", ["/auth/me", "/auth", "/auth/verify", "/jobs", "/jobs/x", "/jobs/x/events", "/jobs/health"]
)
def test_no_way_leads_to_auth_or_jobs(gateway: Gateway, path: str) -> None:
    for spelling in (path, path.replace("/", "//", 1), path.replace("u", "%75").replace("o", "%6f"), f"/x/..{path}"):
        for method in ("GET", "POST"):
            assert gateway.door(method, spelling, None, GRANT).status in (400, 404), spelling
    assert gateway.seen(path.rpartition("/")[0]) == []


def test_no_job_makes_another(gateway: Gateway) -> None:
    word = fresh()
    for path in ("/highlight", "/wiki/x", "/open/x"):
        assert gateway.door("POST", f"{path}?{word}", b"x", {**GRANT, "Prefer": "respond-async"}).status == 200
    assert gateway.seen("_accept") == []


def test_nothing_internal_is_to_be_had(gateway: Gateway) -> None:
    for path in (
        "/_verify",
        "/_door",
        "/_accept",
        "/_wait/x",
        "/_private",
        "/_query/highlight",
        "/_problem",
        "/nothing",
    ):
        assert is_problem(gateway.door("GET", path, None, GRANT), 404, "not_found")


def test_limits_of_an_address_do_not_count(gateway: Gateway) -> None:
    for headers in (GRANT, {**GRANT, "X-Real-IP": "192.0.2.1"}):
        answers = [gateway.door("POST", f"/highlight?{fresh()}", b"x", headers).status for _ in range(20)]
        assert answers == [200] * 20
    batch = b'{"snippets": [' + b",".join([b'{"code": "x"}'] * 100) + b"]}"
    assert gateway.door("POST", f"/highlight/batch?{fresh()}", batch, GRANT).status == 200


def test_nobody_else_says_that_limits_do_not_count(gateway: Gateway) -> None:
    claims = {"Mergepoint-Hop": "door", "Mergepoint-Attempt": "1", **GRANT}
    answers = [gateway.post(f"/highlight?{fresh()}", b"x", claims).status for _ in range(10)]
    assert 429 in answers


def test_auth_decides_by_the_grant_each_time(gateway: Gateway) -> None:
    word = fresh()
    for _ in range(3):
        assert gateway.door("POST", f"/wiki/x?{word}", b"x", GRANT).status == 200
    asked = gateway.seen("/auth/verify")
    assert len(asked) == 3, "kept for nobody"
    for one in asked:
        assert one["headers"]["Mergepoint-Grant"] == "g.r.t"
        assert one["headers"]["Mergepoint-Job"] == "a-job"
        assert (one["headers"]["Mergepoint-Policy"], one["headers"]["Mergepoint-Audience"]) == ("user", "wiki")


def test_an_application_is_told_which_job_and_attempt_it_is(gateway: Gateway) -> None:
    word = fresh()
    sent = {
        **GRANT,
        "X-Real-IP": "192.0.2.7",
        "X-Forwarded-Proto": "https",
        "Host": "example.org",
        "X-Request-Id": word,
    }
    assert gateway.door("POST", f"/wiki/x?{word}", b"x", sent).status == 200
    [seen] = gateway.seen(f"/wiki/x?{word}")
    told = seen["headers"]
    assert (told["Idempotency-Key"], told["Mergepoint-Attempt"]) == ("a-job", "2")
    assert told["Mergepoint-Identity"] == "a.d.a"
    assert "Mergepoint-Grant" not in told
    assert (told["X-Real-IP"], told["X-Forwarded-For"], told["X-Forwarded-Proto"]) == (
        "192.0.2.7",
        "192.0.2.7",
        "https",
    )
    assert (told["Host"], told["X-Request-Id"]) == ("example.org", word)
    gateway.door("POST", f"/wiki/y?{word}", b"x", GRANT)
    assert {"X-Real-IP", "X-Forwarded-For"} & gateway.seen(f"/wiki/y?{word}")[0]["headers"].keys() == set()


def test_a_pure_service_is_told_nothing_of_it(gateway: Gateway) -> None:
    word = fresh()
    gateway.door("POST", f"/highlight?{word}", b"x", GRANT)
    told = gateway.seen(word)[0]["headers"]
    assert {"Mergepoint-Grant", "Mergepoint-Attempt", "Idempotency-Key", "Mergepoint-Hop"} & told.keys() == set()


def test_a_worker_can_tell_why_it_is_refused(gateway: Gateway) -> None:
    gateway.control(verify={"status": 403, "headers": {"Mergepoint-Refusal": "identity_refused"}})
    for path in ("/wiki/x", "/maybe/x"):
        answer = gateway.door("POST", path, b"x", GRANT)
        assert is_problem(answer, 403, "identity_refused")
        assert answer.headers.get_all("Mergepoint-Refusal") == ["identity_refused"]
    gateway.control(verify={"status": 401, "headers": {}})
    assert is_problem(gateway.door("POST", "/wiki/x", b"x"), 401, "login_required")
    gateway.control(verify={"status": 500, "headers": {}})
    answer = gateway.door("POST", "/wiki/x", b"x", GRANT)
    assert is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
    assert gateway.door("POST", "/open/x", b"x", GRANT).status == 200


def test_an_application_cannot_say_that_auth_refused(gateway: Gateway) -> None:
    for path in ("/wiki/x", "/open/x", "/wiki/events"):
        answer = gateway.door("POST", f"{path}?do=error&status=403&refusal=identity_refused", b"x", GRANT)
        assert answer.headers["Mergepoint-Refusal"] is None, path


PUBLIC = ["/highlight", "/wiki/x", "/open/x", "/maybe/x", "/auth/me", "/jobs/x", "/jobs/x/result"]


@pytest.mark.parametrize("path", PUBLIC)
def test_no_grant_is_good_at_a_public_location(gateway: Gateway, path: str) -> None:
    word = fresh()
    gateway.get(f"{path}?{word}", {**GRANT, "Mergepoint-Job": "a-job"})
    for seen in gateway.seen(word) + gateway.seen("/auth/verify"):
        assert "Mergepoint-Grant" not in seen["headers"], path
        assert "Mergepoint-Attempt" not in seen["headers"], path
        assert "Mergepoint-Job" not in seen["headers"], path


def test_an_attempt_is_made_once(gateway: Gateway) -> None:
    """Whether it is made again is for the worker to say, who counts: tests elsewhere show that a client's is."""
    word = fresh()
    answer = gateway.door("POST", f"/highlight?do=close&{word}", b"x", GRANT)
    assert is_problem(answer, 503, "unavailable")
    assert len(gateway.seen(word)) == 1


def test_events_are_an_answer_like_any_other(gateway: Gateway) -> None:
    answer = gateway.door("GET", "/wiki/events", None, {**GRANT, "Accept": "text/event-stream"})
    assert answer.body == b"id: 0\n\nid: 1\n\n"


@pytest.mark.long
@pytest.mark.parametrize("path", ["/highlight", "/wiki/x"])
def test_what_takes_longer_than_a_client_waits_is_waited_for(gateway: Gateway, path: str) -> None:
    connection = UnixConnection(gateway.run / "door/door.sock")
    connection.timeout = 100
    connection.request("POST", f"{path}?do=slow&seconds=65&{fresh()}", b"x", GRANT)
    assert connection.getresponse().status == 200
    connection.close()


def test_no_timeout_is_shorter_than_the_longest_deadline(gateway: Gateway) -> None:
    """As nginx reads it, without an hour of waiting: a location within the door has no time of its own."""
    rendered = gateway.run / "nginx"
    parts = ["pass", "forward", "inside", "cached", "stale", "application_request", "application_answer"]
    for path in [*(f"parts/{part}" for part in parts), "policies/identity", "policies/pure", "policies/signed"]:
        text = (rendered / f"snippets/{path}.conf").read_text()
        assert "proxy_read_timeout" not in text, path
        assert "proxy_send_timeout" not in text, path


def test_the_door_is_its_users_alone(gateway: Gateway) -> None:
    folder, socket = gateway.run / "door", gateway.run / "door/door.sock"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    wait_for(lambda: stat.S_IMODE(socket.stat().st_mode) == 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_of_the_machine_gets_nothing(gateway: Gateway) -> None:
    ask = ["/usr/bin/perl", NGINX / "ask", gateway.run / "door/door.sock", "/highlight/python/x"]
    assert subprocess.run(ask, capture_output=True).returncode == 0
    done = subprocess.run(ask, user="nobody", capture_output=True, text=True)
    assert "Permission denied" in done.stderr


def test_the_door_stays_closed_when_nginx_reads_its_files_again(gateway: Gateway) -> None:
    socket = gateway.run / "door/door.sock"
    wait_for(lambda: stat.S_IMODE(socket.stat().st_mode) == 0o600)
    gateway.nginx.send_signal(1)
    wait_for(lambda: gateway.door("POST", f"/highlight?{fresh()}", b"x", GRANT).status == 200)
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_the_door_opens_again_after_nginx_was_killed(make_gateway: Callable[..., Gateway]) -> None:
    gateway = make_gateway(MERGEPOINT_LIMITS="off")
    gateway.nginx.kill()
    gateway.nginx.wait()
    gateway.stop_stub()
    (gateway.run / "highlight.sock").unlink()
    gateway.start()
    assert gateway.door("POST", "/highlight", b"x", GRANT).status == 200
    gateway.stop()


def test_outside_of_containers_the_door_is_a_socket_alone() -> None:
    """In containers it is at `door`, if nginx has that name on a network: tests/stack."""
    for upstreams in ("upstreams.conf", "upstreams.compose.conf"):
        checked = check(MERGEPOINT_UPSTREAMS=upstreams)
        assert "MERGEPOINT_DOOR=''\n" in checked.stdout
