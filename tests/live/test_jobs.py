"""Jobs as their users meet them, through nginx: wrong requests, what answers say, what a browser makes of them."""

import json
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.live.suite import Suite
from tests.live.test_browser import ARGUMENTS
from tests.servers import ROOT, Connection, Reply, need

LATER = {"Prefer": "respond-async"}
PATH = "/highlight?language=python"
ACTIVE = b"""<title>idle</title><script>document.title = 'ran'</script><img src=x onerror="document.title = 'ran'">"""


def ask(
    suite: Suite, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Reply:
    connection = Connection(suite.port)
    try:
        return connection.request(method, path, body, headers or {})
    finally:
        connection.close()


def make(suite: Suite, body: bytes = b"print(1)", **headers: str) -> str:
    """Make a job; return its path."""
    reply = ask(suite, "POST", PATH, body, {**LATER, **{name.replace("_", "-"): headers[name] for name in headers}})
    assert reply.status == 202, reply.body
    return str(reply.headers["Location"])


def finish(suite: Suite) -> str:
    """Return the path of a job that is done."""
    reply = ask(suite, "POST", PATH, b"print(1)", {"Prefer": "respond-async, wait=20"})
    assert reply.status == 200
    return f"/jobs/{reply.headers['Mergepoint-Job']}"


@pytest.fixture(scope="module")
def key(suite: Suite) -> dict[str, str]:
    """The headers of somebody who has jobs."""
    [file] = suite.state.glob("mergepoint/*/auth/first-password")
    password = file.read_text().split()[-1]
    login = json.dumps({"login": "admin", "password": password}).encode()
    reply = ask(suite, "POST", "/auth/login", login, {"Content-Type": "application/json"})
    session = {"Authorization": f"Bearer {reply.json['token']}", "Content-Type": "application/json"}
    made = ask(suite, "POST", "/auth/keys", json.dumps({"name": "t", "scopes": ["jobs"]}).encode(), session)
    return {"Authorization": f"Bearer {made.json['secret']}"}


def test_headers_of_a_result_are_there_once_however_it_is_asked_for(suite: Suite) -> None:
    waited = ask(suite, "POST", PATH, b"print(1)", {"Prefer": "respond-async, wait=20"})
    read = ask(suite, "GET", f"/jobs/{waited.headers['Mergepoint-Job']}/result")
    for reply in (waited, read):
        assert reply.status == 200
        for name in ("Cache-Control", "X-Content-Type-Options", "Content-Security-Policy", "Mergepoint-Job",
                     "Access-Control-Allow-Origin", "X-Request-Id", "Content-Type"):  # fmt: skip
            assert len(reply.headers.get_all(name) or []) == 1, (name, reply.headers.items())
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Content-Security-Policy"].startswith("sandbox;")
    assert waited.body == read.body


def test_a_path_allows_what_it_says_once(suite: Suite) -> None:
    path = finish(suite)
    for where, refused in ((path, "POST"), (f"{path}/result", "DELETE"), (f"{path}/nothing", "POST"), ("/jobs", "PUT")):
        reply = ask(suite, refused, where)
        [allowed] = reply.headers.get_all("Allow") or [reply.status]
        assert (reply.status, refused in allowed) == (405, False)
        assert reply.json["detail"] == "this path does not take this method; use one that Allow lists"
        [told] = ask(suite, "OPTIONS", where).headers.get_all("Allow")
        assert refused not in told
    assert ask(suite, "GET", f"{path}/nothing").json["detail"] == "there is nothing at this path"


def test_pages_of_other_origins_may_make_and_read_jobs(suite: Suite) -> None:
    path = finish(suite)
    asked = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST"}
    preflight = ask(suite, "OPTIONS", PATH, None, {**asked, "Access-Control-Request-Headers": "prefer"})
    for name in ("Prefer", "Idempotency-Key", "Mergepoint-At", "Mergepoint-Deadline", "Mergepoint-Attempts"):
        assert name in preflight.headers["Access-Control-Allow-Headers"].split(", ")
    accepted = ask(suite, "POST", PATH, b"x", {**LATER, "Origin": "http://elsewhere.example"})
    exposed = accepted.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "Preference-Applied", "Retry-After"} <= set(exposed)
    for where in (path, f"{path}/result", f"{path}/events", "/jobs/nosuch", "/jobs/nosuch/result"):
        [origin] = ask(suite, "GET", where).headers.get_all("Access-Control-Allow-Origin")
        assert origin == "*"
        assert ask(suite, "GET", where).headers["Access-Control-Allow-Credentials"] is None
    for where in ("/jobs", f"{path}/replay"):  # what makes a job of a session's, or shows one's own
        assert ask(suite, "OPTIONS", where, None, asked).headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=bad", "state"),
        ("state=%ff", "state"),
        ("state=done&state=failed", "state"),
        ("service=a%20b", "service"),
        ("service=%00", "service"),
        ("service=" + "a" * 3000, "service"),
        ("after=x", "after"),
        ("after=%00", "after"),
        ("after=" + "A" * 22, "after"),
        ("limit=3", "limit"),
    ],
)
def test_a_filter_that_is_none_is_named(suite: Suite, key: dict[str, str], query: str, field: str) -> None:
    reply = ask(suite, "GET", f"/jobs?{query}", None, key)
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, field)


def test_a_list_is_ones_own(suite: Suite, key: dict[str, str]) -> None:
    make(suite)
    mine = ask(suite, "POST", PATH, b"x", {**LATER, **key}).json["id"]
    found = ask(suite, "GET", "/jobs?state=&service=highlight&after=", None, key)
    assert (found.status, [job["id"] for job in found.json["jobs"]]) == (200, [mine])
    assert ask(suite, "GET", f"/jobs?after={mine}", None, key).json == {"jobs": []}
    assert ask(suite, "GET", "/jobs").status == 401


def test_options_of_post_jobs_stand_in_the_json(suite: Suite) -> None:
    reply = ask(suite, "POST", "/jobs?path=/highlight", b"{}", {"Content-Type": "application/json"})
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, "path")
    assert "query" in reply.json["detail"]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_only_a_direct_request_may_have_is_refused_in_words_that_help(
    suite: Suite, is_chunked: bool
) -> None:
    body = bytes(11 << 20)
    given = iter([body]) if is_chunked else body
    reply = ask(suite, "POST", "/thumbnail?width=30", given, LATER)  # type: ignore[arg-type]
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")
    assert "at most 10485760 bytes; a larger one can only be sent without Prefer" in reply.json["detail"]


def test_a_body_of_ten_megabytes_runs_later(suite: Suite) -> None:
    reply = ask(suite, "POST", "/thumbnail?width=30", bytes(10 << 20), {"Prefer": "respond-async, wait=30"})
    assert (reply.status, reply.json["code"]) == (415, "unsupported_type")  # thumbnail's answer: it is no picture
    assert reply.headers["Mergepoint-Job"]


def test_a_job_for_tomorrow_says_when_to_come_back(suite: Suite) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="microseconds")
    path = make(suite, Mergepoint_At=at)
    reply = ask(suite, "GET", f"{path}/result")
    assert (reply.status, reply.json["code"]) == (409, "not_finished")
    [seconds] = reply.headers.get_all("Retry-After")
    assert 86_000 < int(seconds) <= 86_400
    assert ask(suite, "DELETE", path).json["state"] == "cancelled"
    assert ask(suite, "GET", f"{path}/result").status == 410


def test_one_key_makes_one_job_however_many_ask_at_once(suite: Suite) -> None:
    key = secrets.token_urlsafe(16)
    with ThreadPoolExecutor(20) as threads:
        paths = set(threads.map(lambda _: make(suite, Idempotency_Key=key), range(20)))
    assert len(paths) == 1
    reply = ask(suite, "POST", PATH, b"another", {**LATER, "Idempotency-Key": key})
    assert (reply.status, reply.json["code"]) == (422, "idempotency_mismatch")


def test_the_program_of_the_clients_readme_that_awaits_runs(suite: Suite) -> None:
    readme = (ROOT / "clients/python/README.md").read_text()
    [program] = [block for block in re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S) if "asyncio.run" in block]
    live = program.replace("http://localhost:8080", suite.url)
    ended = subprocess.run([sys.executable, "-W", "error", "-c", live], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith('<div class="highlight">')


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The URL of an empty page of another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.long
def test_a_page_of_another_origin_has_its_code_highlighted_later(
    suite: Suite, browser: Browser, elsewhere: str
) -> None:
    page = browser.new_page()
    page.goto(elsewhere)
    text = page.evaluate(
        """async site => {
            const post = {method: 'POST', headers: {Prefer: 'respond-async'}, body: 'print(1)'};
            const accepted = await fetch(site + '/highlight?language=python', post);
            const path = site + accepted.headers.get('Location');
            const events = new EventSource(path + '/events');
            await new Promise(resolve => events.addEventListener('done', resolve));
            events.close();
            return (await fetch(path + '/result')).text();
        }""",
        suite.url,
    )
    assert text == ask(suite, "POST", PATH, b"print(1)").body.decode()
    page.close()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "text/plain"])
def test_a_result_opened_in_a_browser_runs_nothing(suite: Suite, browser: Browser, kind: str) -> None:
    path = finish(suite)
    [file] = suite.state.glob("mergepoint/*/jobs/jobs.db")
    body = (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="ran"</script></svg>'
        if "svg" in kind
        else ACTIVE
    )
    with sqlite3.connect(file, timeout=20) as rows:  # as if a service had said so
        id = path.removeprefix("/jobs/")
        [content] = rows.execute("SELECT result_content FROM jobs WHERE id = ?", [id]).fetchone()
        rows.execute("UPDATE contents SET data = ? WHERE id = ?", [body, content])
        headers = json.dumps({"Content-Type": kind, "Content-Security-Policy": "default-src * 'unsafe-inline'"})
        rows.execute("UPDATE jobs SET result_headers = ?, size_result = ? WHERE id = ?", [headers, len(body), id])
    rows.close()
    page = browser.new_page()
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url))
    page.goto(f"{suite.url}{path}/result")
    page.wait_for_timeout(300)
    assert page.title() != "ran"
    assert [url for url in asked if "favicon" not in url] == [f"{suite.url}{path}/result"]
    if kind == "text/html":
        assert page.title() == "idle"
    page.close()
