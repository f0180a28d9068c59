"""Applications of anybody's in nginx/applications/: the example of its README, behind auth, by the shipped nginx."""

import re
from collections.abc import Iterator

import pytest

from mergepoint.kit.identity import Keys, verify
from tests.auth.place import Application, Place, header
from tests.servers import ROOT, free_port

README = (ROOT / "nginx/applications/README.md").read_text()
[EXAMPLE] = re.findall(r"^```nginx\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def example(name: str, address: str, policy: str = "user") -> str:
    """Return the example as somebody fills it in for the application *name* at *address*."""
    lines = EXAMPLE.replace("wiki", name).replace("127.0.0.1:3000", address)
    return re.sub(r"(set \$policy +)user;", rf"\g<1>{policy};", lines)


@pytest.fixture(scope="module")
def behind() -> Iterator[Place]:
    """A place with the example four times: as it is, by name, where nobody is, and open to anybody."""
    application = Application()
    files = {
        "notes.conf": example("notes", f"127.0.0.1:{application.port}"),
        "named.conf": example("named", "nowhere.invalid:3000"),
        "gone.conf": example("gone", f"127.0.0.1:{free_port()}", "public"),
        "open.conf": example("free", f"127.0.0.1:{application.port}", "public"),
    }
    place = Place(applications=files).start()
    yield place
    place.stop()
    application.stop()


def test_the_example_is_behind_auth(behind: Place) -> None:
    assert behind.visitor().get("/notes/").status == 401
    sent = behind.visitor().get("/notes/", Accept="text/html")
    assert (sent.status, sent.headers["Location"]) == (303, "/auth/login?next=/notes/")
    assert behind.user("lin").get("/notes/a%20b?x=1").status == 200


def test_the_application_is_told_who_asks(behind: Place) -> None:
    reply = behind.user("ada").get("/notes/a%20b?x=1")
    [token] = header(reply, "Mergepoint-Identity")
    keys = Keys(f"{behind.url}/auth/jwks.json")
    assert verify(token, audience="notes", find_key=keys.find)["name"] == "ada"
    assert reply.json["target"] == "/notes/a%20b?x=1"


def test_an_application_for_everybody_is_told_nothing(behind: Place) -> None:
    reply = behind.visitor().get("/free/")
    assert reply.status == 200
    assert header(reply, "Mergepoint-Identity") == []


@pytest.mark.parametrize("name", ["gone", "named"])
def test_one_that_is_away_is_503_on_its_own_paths_only(behind: Place, name: str) -> None:
    visitor = behind.logged_in()
    reply = visitor.get(f"/{name}/page")
    assert (reply.status, reply.json["code"]) == (503, "unavailable")
    assert reply.headers["Retry-After"]
    assert visitor.get("/notes/").status == 200
    assert visitor.get("/auth/me").status == 200


def test_without_auth_nobody_passes_but_where_anybody_may(behind: Place) -> None:
    without = Place(
        applications={
            "notes.conf": example("notes", f"127.0.0.1:{behind.application.port}"),
            "open.conf": example("free", f"127.0.0.1:{behind.application.port}", "public"),
        },
        MERGEPOINT_SERVICES="highlight",
    )
    without.start_nginx()
    try:
        assert without.visitor().get("/notes/").status == 503
        assert without.visitor().get("/free/").status == 200
        assert without.visitor().get("/auth/me").json["detail"] == "the service auth does not run here"
    finally:
        without.stop()
