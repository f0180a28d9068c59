"""What every answer carries, and the pages that are nginx's own."""

import gzip
import re
from html.parser import HTMLParser

import pytest

from tests.nginx.gateway import SERVICES, Gateway, fresh

PAGES = ("/", "/docs", "/static/style.css", "/static/icon.svg")
PURE = (
    "/highlight", "/highlight/batch", "/highlight/guess", "/highlight/languages", "/highlight/python/eA.svg",
    "/htmldiff", "/htmldiff/apply", "/htmldiff/annotate", "/htmldiff/diff.css",
)  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, *PURE, "/health", "/highlight/health", "/nope"])
def test_every_answer_says_what_the_cache_did_and_who_asked(gateway: Gateway, path: str):
    answer = gateway.get(path)
    (status,) = answer.headers.get_all("Cache-Status")
    assert re.fullmatch(r"mergepoint(; hit|; fwd=[a-z-]+|; detail=[a-z]+|; fwd-status=\d{3})+", status)
    (request_id,) = answer.headers.get_all("X-Request-Id")
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)


def test_cache_status_of_each_kind(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    assert gateway.stored("POST", target).headers["Cache-Status"] == "mergepoint; fwd=miss"
    assert gateway.post(target, b"x").headers["Cache-Status"] == "mergepoint; hit"
    assert gateway.get("/highlight/health").headers["Cache-Status"] == "mergepoint; fwd=bypass"
    assert gateway.get("/").headers["Cache-Status"] == "mergepoint; detail=local"


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
def test_a_well_formed_request_id_is_kept(gateway: Gateway, given: str):
    target = f"/highlight?{fresh()}"
    for path in (target, target, "/", "/nope", "/health"):
        assert gateway.get(path, {"X-Request-Id": given}).headers.get_all("X-Request-Id") == [given]
    assert gateway.seen(target)[0]["headers"]["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a,b", "ü", "a\tb", "$id"])
def test_another_request_id_is_replaced(gateway: Gateway, given: str):
    word = fresh()
    answer = gateway.get(f"/highlight?{word}", {"X-Request-Id": given})
    (kept,) = answer.headers.get_all("X-Request-Id")
    assert re.fullmatch(r"[0-9a-f]{32}", kept)
    assert gateway.seen(word)[0]["headers"]["X-Request-Id"] == kept


@pytest.mark.parametrize("path", [*PAGES, *PURE, "/health", "/highlight/health", "/nope"])
def test_every_answer_is_what_it_says_and_tells_nobody_where_the_reader_was(gateway: Gateway, path: str):
    headers = gateway.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "nginx"


@pytest.mark.parametrize("path", PURE)
def test_an_answer_of_a_service_opened_directly_runs_nothing(gateway: Gateway, path: str):
    for _ in range(2):
        (policy,) = gateway.get(path).headers.get_all("Content-Security-Policy")
        assert "sandbox;" in policy
        assert "default-src 'none'" in policy
        assert "script" not in policy


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
def test_a_service_says_itself_what_its_answer_may_do(gateway: Gateway, method: str):
    target, body = f"/htmldiff?policy=sandbox&{fresh()}", None if method == "GET" else b"x"
    gateway.stored(method, target, body)
    again = gateway.request(method, target, body)
    assert again.hit
    assert again.headers.get_all("Content-Security-Policy") == ["sandbox"]


@pytest.mark.parametrize("path", PURE)
@pytest.mark.parametrize("method", ["GET", "POST", "QUERY", "DELETE"])
def test_any_page_may_call_a_pure_service(gateway: Gateway, method: str, path: str):
    headers = gateway.request(method, path, b"x").headers  # an error for some: that may be read as well
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    exposed = headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Request-Id", "ETag", "Cache-Status", "Retry-After", "Mergepoint-Degraded"} <= set(exposed)
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("path", PURE)
def test_a_pure_service_answers_options_without_being_asked(gateway: Gateway, path: str):
    word = fresh()
    answer = gateway.request("OPTIONS", f"{path}?{word}")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not gateway.seen(word)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_answers_options_to_itself_only(gateway: Gateway, path: str):
    answer = gateway.request("OPTIONS", path)
    assert answer.status == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_health_shows_what_each_service_says(gateway: Gateway):
    answer = gateway.get("/health")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "status": "ok",
        "services": {name: {"status": "ok", "from": "the service"} for name in SERVICES},
    }
    assert gateway.get("/highlight/health").json == answer.json["services"]["highlight"]


def test_health_is_503_when_a_service_is_not_well(gateway: Gateway):
    gateway.control(health=503)
    try:
        answer = gateway.get("/health")
    finally:
        gateway.control(health=200)
    assert answer.status == 503
    assert answer.json == {"status": "unavailable", "services": {name: {"status": "unavailable"} for name in SERVICES}}
    assert answer.headers["Retry-After"]


def test_a_large_answer_is_compressed_for_those_who_take_it(gateway: Gateway):
    target = f"/highlight?more=5000&{fresh()}"
    plain = gateway.stored("GET", target, None)
    small = gateway.get(target, {"Accept-Encoding": "gzip"})
    assert small.hit
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert "Accept-Encoding" in ", ".join(small.headers.get_all("Vary"))


def test_a_compressed_answer_is_revalidated_by_its_own_tag(gateway: Gateway):
    target = f"/highlight?more=5000&{fresh()}"
    tag = gateway.stored("GET", target, None, {"Accept-Encoding": "gzip"}).headers["ETag"]
    assert gateway.get(target, {"Accept-Encoding": "gzip", "If-None-Match": tag}).status == 304


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(params=["/", "/docs"])
def page(gateway: Gateway, request: pytest.FixtureRequest) -> Page:
    answer = gateway.get(request.param)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    return Page(answer.body.decode())


def test_a_page_has_no_script_and_no_style_of_its_own(page: Page):
    assert not page.all("script", "style")
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]


def test_a_page_is_found_by_those_who_do_not_see_it(page: Page):
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    labelled = {label["for"] for label in page.all("label")}
    assert all(field["id"] in labelled for field in page.all("textarea", "select"))


def test_a_page_leads_nowhere_that_is_not_there(gateway: Gateway, page: Page):
    local = [a["href"] for a in page.all("a", "link") if a["href"].startswith("/")]
    assert local
    for link in local:
        assert gateway.get(link).status == 200


def test_the_docs_lead_to_every_service(gateway: Gateway):
    links = {a["href"] for a in Page(gateway.get("/docs").body.decode()).all("a")}
    for service in gateway.get("/health").json["services"]:
        assert {f"/{service}/docs", f"/{service}/openapi.json"} <= links


def test_the_forms_work_without_a_script(gateway: Gateway):
    page = Page(gateway.get("/").body.decode())
    for form, action in zip(page.all("form"), ("/highlight", "/htmldiff"), strict=True):
        assert (form["action"], form["method"], form["enctype"]) == (action, "post", "multipart/form-data")
    assert page.all("input") == [{"name": "page", "value": "1", "type": "hidden"}] * 2
    assert {field["name"] for field in page.all("textarea", "select")} >= {"code", "language", "style", "old", "new"}


OLD, LATE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2100 00:00:00 GMT"
DATES = (OLD, LATE, "yesterday")


@pytest.mark.parametrize("target", ["/highlight", "/htmldiff", "/highlight/languages", "/highlight/health"])
@pytest.mark.parametrize("name", ["If-Unmodified-Since", "If-Modified-Since", "If-Range", "Range"])
def test_a_condition_on_the_date_of_an_answer_without_one_is_ignored(gateway: Gateway, target: str, name: str):
    target = f"{target}?{fresh()}"
    for value in ("bytes=0-1",) if name == "Range" else DATES:
        for _ in range(2):  # made, and kept
            answer = gateway.get(target, {name: value})
            assert answer.status == 200
            assert answer.body
    if "health" not in target:
        gateway.stored("GET", target, None)
        for value in DATES:
            assert gateway.get(target, {name: value}).status == 200


@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_so_it_is_with_a_body(gateway: Gateway, method: str):
    target = f"/highlight?{fresh()}"
    gateway.stored(method, target, b"x")
    assert gateway.request(method, target, b"x", {"If-Unmodified-Since": OLD}).status == 200


def test_a_file_that_has_a_date_is_refused_if_it_is_newer(gateway: Gateway):
    assert gateway.get("/static/style.css", {"If-Unmodified-Since": OLD}).status == 412
    assert gateway.get("/static/style.css", {"If-Unmodified-Since": LATE}).status == 200


def test_a_tag_that_must_match_is_compared(gateway: Gateway):
    target = f"/highlight?{fresh()}"
    tag = gateway.stored("GET", target, None).headers["ETag"]
    for value, status in ((tag, 200), ("*", 200), (f'"x", {tag}', 200), ('"x"', 412)):
        assert gateway.get(target, {"If-Match": value}).status == status
