"""What is asked for later, with the real auth and nginx: a grant is good at the door, as long as its asker is."""

import base64
import contextlib
import http.client
import http.server
import json
import pathlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from mergepoint.kit.identity import Keys, verify
from tests.auth.databases import Databases
from tests.auth.place import Place, Visitor
from tests.servers import Reply

NAMES = {"notes": "user", "shared": "optional", "secrets": "admin", "write": "scope:notes:write"}
LATER = "\n".join(
    f"""
location ^~ /later-{name}/ {{
    set $service notes;
    set $policy {policy};
    set $application application;
    include snippets/policies/auth.conf;
    include snippets/policies/later.conf;
    include snippets/policies/identity.conf;
    proxy_pass http://$application;
}}"""
    for name, policy in NAMES.items()
)


class Jobs:
    """Stands in for jobs: keeps what nginx tells it of the last job, and accepts it."""

    def __init__(self, path: pathlib.Path) -> None:
        told: dict[str, str] = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                told.clear()
                told.update(self.headers.items())
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

            def address_string(self) -> str:
                return "nginx"

        self.told = told
        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        path.chmod(0o666)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class LaterPlace(Place):
    """A place with jobs, and workers at the door."""

    def start(self) -> "LaterPlace":
        super().start()
        self.jobs = Jobs(self.run / "jobs.sock")
        return self

    def stop(self) -> None:
        self.jobs.stop()
        super().stop()

    def ask(self, path: str, headers: Mapping[str, str]) -> Reply:
        self.jobs.told.clear()
        return self.request("POST", path, b"x", {"Prefer": "respond-async", **headers})

    def perform(self, path: str, grant: str, job: str) -> Reply:
        """Send the request as a worker does."""
        with contextlib.closing(http.client.HTTPConnection("door", timeout=20)) as connection:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.run / "door/door.sock"))
            headers = {"Mergepoint-Grant": grant, "Idempotency-Key": job, "Mergepoint-Attempt": "1"}
            connection.request("POST", path, b"x", headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())


@pytest.fixture(scope="module")
def place(nginx_present: None, server: Databases) -> Iterator[LaterPlace]:
    place = LaterPlace(server.new(), applications={"later.conf": LATER}).start()
    yield place
    place.stop()


@pytest.fixture(scope="module")
def ada(place: LaterPlace) -> Visitor:
    return place.user("ada")


def session_of(visitor: Visitor) -> dict[str, str]:
    return {"Authorization": f"Bearer {visitor.token}"}


def key_of(visitor: Visitor, *scopes: str) -> tuple[dict[str, str], str]:
    made = visitor.post("/auth/keys", {"name": "x", "scopes": list(scopes)}).json
    return {"Authorization": f"Bearer {made['secret']}"}, made["key"]["id"]


def asked(place: LaterPlace, credentials: Mapping[str, str], path: str = "/later-notes/x") -> tuple[str, str]:
    """Ask for a job; return its grant and id."""
    answer = place.ask(path, credentials)
    assert answer.status == 202, answer.body
    return place.jobs.told.get("Mergepoint-Grant", ""), place.jobs.told["Mergepoint-Job"]


def test_what_was_asked_for_is_done_in_the_name_of_its_asker(place: LaterPlace, ada: Visitor) -> None:
    keys = Keys(f"{place.url}/auth/jwks.json")
    grant, job = asked(place, session_of(ada))
    owner = verify(place.jobs.told["Mergepoint-Identity"], audience="jobs", find_key=keys.find)
    done = place.perform("/later-notes/x", grant, job)
    assert done.status == 200
    sent = {name.lower(): value for name, value in done.json["headers"]}
    claims = verify(sent["mergepoint-identity"], audience="notes", find_key=keys.find)
    assert (claims["name"], claims["sub"], claims["act"]) == ("ada", owner["sub"], {"sub": "jobs"})
    assert claims["exp"] - claims["iat"] <= 60
    assert (sent["idempotency-key"], sent["mergepoint-attempt"]) == (job, "1")
    assert "mergepoint-grant" not in sent


def test_nothing_that_tells_a_person_is_handed_to_jobs(place: LaterPlace, ada: Visitor) -> None:
    asked(place, {**session_of(ada), "Cookie": "other=1"})
    told = json.dumps(place.jobs.told)
    assert ada.token not in told
    assert {"Cookie", "Authorization"} & place.jobs.told.keys() == set()


def refused(place: LaterPlace, grant: str, job: str, path: str = "/later-notes/x") -> bool:
    answer = place.perform(path, grant, job)
    return (answer.status, answer.json["code"]) == (403, "identity_refused")


def test_a_grant_is_good_for_nothing_at_the_public_address(place: LaterPlace, ada: Visitor) -> None:
    grant, job = asked(place, session_of(ada))
    said = {"Mergepoint-Grant": grant, "Mergepoint-Job": job, "Idempotency-Key": job, "Mergepoint-Hop": "door"}
    assert place.request("POST", "/later-notes/x", b"x", said).status == 401
    assert place.request("POST", "/later-notes/x", b"x", {**said, "Authorization": f"Bearer {grant}"}).status == 401
    verify_it = {**said, "Mergepoint-Policy": "user", "Mergepoint-Audience": "notes"}
    assert place.request("GET", "/auth/verify", None, verify_it).status == 404
    assert place.request("GET", "/auth/me", None, said).json.get("user") is None
    seen = len(place.application.seen)
    assert place.request("GET", "/later-shared/x", None, said).status == 200
    [shown] = place.application.seen[seen:]
    assert {"mergepoint-identity", "mergepoint-grant"} & {name.lower() for name, _ in shown["headers"]} == set()


def test_no_other_grant_is_good(place: LaterPlace, ada: Visitor) -> None:
    grant, job = asked(place, key_of(ada, "notes", "jobs")[0])
    _, other = asked(place, session_of(ada))
    head, claims, signature = grant.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    more = base64.urlsafe_b64encode(json.dumps(said | {"scope": "notes jobs wiki"}).encode()).decode().rstrip("=")
    assert refused(place, grant, other)
    assert refused(place, grant, "")
    assert refused(place, f"{head}.{more}.{signature}", job)
    assert refused(place, f"{head}.{claims}.{signature[:-2]}AA", job)
    assert refused(place, "nonsense", job)
    assert refused(place, place.jobs.told["Mergepoint-Identity"], job)
    assert place.perform("/later-notes/x", grant, job).status == 200


def test_a_grant_reaches_no_further_than_its_key(place: LaterPlace, ada: Visitor) -> None:
    grant, job = asked(place, key_of(ada, "notes", "jobs")[0])
    assert refused(place, grant, job, "/wiki/x")
    assert place.perform("/later-write/x", grant, job).status == 200
    assert place.ask("/later-notes/x", key_of(ada, "notes")[0]).status == 403
    assert place.ask("/later-notes/x", key_of(ada, "jobs")[0]).status == 403
    assert place.jobs.told == {}


def test_what_is_for_administrators_never_runs_later(place: LaterPlace) -> None:
    admin = place.logged_in()
    answer = place.ask("/later-secrets/x", session_of(admin))
    assert (answer.status, answer.json["code"]) == (403, "never_later")
    grant, job = asked(place, session_of(admin))
    assert refused(place, grant, job, "/later-secrets/x")
    assert refused(place, grant, job, "/backstage/x")


def revoke_key(place: LaterPlace, user: Visitor, admin: Visitor, key: str, id: str) -> None:
    assert user.post(f"/auth/keys/{key}", method="DELETE").status in (200, 204)


def disable(place: LaterPlace, user: Visitor, admin: Visitor, key: str, id: str) -> None:
    assert admin.post(f"/auth/users/{id}", {"disabled": True}, method="PATCH").status == 200


def delete(place: LaterPlace, user: Visitor, admin: Visitor, key: str, id: str) -> None:
    assert admin.post(f"/auth/users/{id}", method="DELETE").status in (200, 204)


def reset(place: LaterPlace, user: Visitor, admin: Visitor, key: str, id: str) -> None:
    link = place.command("reset-password", user.get("/auth/me").json["user"]["name"]).strip()
    token = link.partition("token=")[2]
    assert place.visitor().post("/auth/password", {"token": token, "new_password": "quite another one"}).status == 200


Revoke = Callable[[LaterPlace, Visitor, Visitor, str, str], None]


@pytest.mark.parametrize("revoke", [revoke_key, disable, delete, reset])
def test_after_a_revocation_nothing_is_done(place: LaterPlace, revoke: Revoke) -> None:
    name = f"user-{revoke.__name__.replace('_', '-')}"
    user, admin = place.user(name), place.logged_in()
    id = str(user.get("/auth/me").json["user"]["id"])
    credentials, key = key_of(user, "notes", "jobs")
    grants = [asked(place, credentials)]
    if revoke is not revoke_key:
        grants.append(asked(place, session_of(user)))
    for grant, job in grants:
        assert place.perform("/later-notes/x", grant, job).status == 200
    revoke(place, user, admin, key, id)
    for grant, job in grants:
        assert refused(place, grant, job), "at once, not at the end of a second"
        assert refused(place, grant, job, "/later-shared/x")


def test_logging_out_ends_nothing(place: LaterPlace) -> None:
    user = place.user("leaver")
    grant, job = asked(place, session_of(user))
    assert user.post("/auth/logout").status in (200, 204, 303)
    assert place.request("GET", "/wiki/", None, session_of(user)).status == 401
    assert place.perform("/later-notes/x", grant, job).status == 200


def test_nobody_asks_for_what_anybody_may(place: LaterPlace) -> None:
    assert asked(place, {}, "/later-shared/x")[0] == ""
    assert place.ask("/later-notes/x", {}).status == 401
    assert place.ask("/later-shared/x", {"Authorization": "Bearer mp_bad"}).status == 401


def test_a_page_of_another_site_uses_no_session(place: LaterPlace, ada: Visitor) -> None:
    cookie = {"Cookie": f"mergepoint={ada.cookies['mergepoint']}"}
    assert place.ask("/later-notes/x", cookie).status == 202
    assert place.ask("/later-notes/x", {**cookie, "Sec-Fetch-Site": "same-origin"}).status == 202
    answer = place.ask("/later-notes/x", {**cookie, "Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert "another site" in answer.json["detail"]
    assert place.ask("/later-notes/x", {**cookie, "Origin": "https://evil.example"}).status == 403


def test_without_auth_nobody_passes_the_door(place: LaterPlace, ada: Visitor) -> None:
    grant, job = asked(place, session_of(ada))
    place.stop_auth()
    try:
        assert place.perform("/later-notes/x", grant, job).status == 503
        assert place.ask("/later-notes/x", session_of(ada)).status == 503
    finally:
        place.start_auth()
    assert place.perform("/later-notes/x", grant, job).status == 200
