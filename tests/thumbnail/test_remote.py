"""GET /thumbnail/<signature>/…: links to pictures elsewhere, in allowed places, kept as long as they may be."""

import base64
import gzip
import pathlib
import time

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mergepoint.kit.problems import Problem
from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.links.delivery import LinkVerifier
from mergepoint.thumbnail.links.grammar import Grammar
from mergepoint.thumbnail.links.signing import Signer
from mergepoint.thumbnail.web import create_app
from tests.kit.sources import Server
from tests.thumbnail import bombs, pictures
from tests.thumbnail.remote import PNG, SIGNER, Origin, plain, respond, signed


def refusal(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.json["code"]


def test_a_signed_link_is_made(links: FlaskClient, origin: Origin) -> None:
    answer = links.get(plain("rs:fill:20:20", f"{origin.url}/flag.png?a=b@c", "@jpg"))
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert pictures.opened(answer.data).size == (20, 20)
    assert origin.asked[-1] == "/flag.png?a=b@c"
    assert answer.headers["Content-Disposition"] == 'inline; filename="flag.jpg"'


def test_a_source_in_base64_is_the_same(links: FlaskClient, origin: Origin) -> None:
    source = base64.urlsafe_b64encode(f"{origin.url}/x".encode()).decode()
    for path in (f"/w:30/{source}", f"/w:30/{source[:9]}/{source[9:]}.png"):
        assert pictures.opened(links.get(signed(path)).data).size == (30, 20)


@pytest.mark.parametrize(
    ("tail", "asked"),
    [
        ("//a//b", "//a//b"), ("/a%2Fb", "/a/b"), ("/a%252Fb", "/a%2Fb"), ("/%C3%A9", "/%C3%A9"), ("/a%20b", "/a%20b"),
        ("/a;b=c,d!$&'()*+", "/a;b=c,d!$&'()*+"), ("/a:b", "/a:b"), ("/a/../b/./c", "/a/../b/./c"),
    ],
)  # fmt: skip
def test_the_path_is_read_as_it_was_signed(links: FlaskClient, origin: Origin, tail: str, asked: str) -> None:
    answer = links.get(signed(f"/w:30/plain/{origin.url}{tail}"))
    assert answer.status_code == 200, answer.data
    assert origin.asked[-1] == asked


def test_nothing_unsigned_is_fetched(links: FlaskClient, canary: Server, origin: Origin) -> None:
    before = len(origin.asked)
    path = f"/w:30/plain/{origin.url}/x"
    for signature in ("unsafe", "_", SIGNER.sign(path + "y"), SIGNER.sign(path)[:-1]):
        assert refusal(links.get(f"/thumbnail/{signature}{path}")) == (403, "bad_signature")
    assert len(origin.asked) == before


def test_an_old_key_is_good_until_it_is_withdrawn(links: FlaskClient, origin: Origin) -> None:
    path = f"/w:30/plain/{origin.url}/x"
    assert links.get(f"/thumbnail/{Signer([(b'old', b'old')]).sign(path)}{path}").status_code == 200
    assert refusal(links.get(f"/thumbnail/{Signer([(b'other', b'old')]).sign(path)}{path}")) == (403, "bad_signature")


def test_without_keys_there_are_no_links_unless_they_are_switched_on(client: FlaskClient, folder: pathlib.Path) -> None:
    assert refusal(client.get("/thumbnail/unsafe/w:30/plain/local:///a%20b/flag.png")) == (404, "not_found")
    app = create_app(Settings(unsigned=True, sources=f"local://{folder}", children=1))
    answer = app.test_client().get("/thumbnail/anything/w:30/plain/local:///a%20b/flag.png")
    app.extensions["sandbox"].close()
    assert pictures.opened(answer.data).size == (30, 20)


def test_a_link_that_has_ended_is_refused(links: FlaskClient, origin: Origin) -> None:
    assert refusal(links.get(plain(f"exp:{int(time.time()) - 1}", f"{origin.url}/x"))) == (403, "expired")


def test_a_preset_and_a_default_are_used(links: FlaskClient, origin: Origin) -> None:
    assert pictures.opened(links.get(plain("pr:tiny", f"{origin.url}/x")).data).size == (6, 4)


def test_a_local_file_is_read_from_its_folder_only(links: FlaskClient) -> None:
    assert pictures.opened(links.get(plain("w:30", "local:///a%20b/flag.png")).data).size == (30, 20)
    for path in (
        "/none.png",
        "/../secret.png",
        "/out.png",
        "/a%20b",
        "//etc/passwd",
        "/%00",
        "/../../../../etc/passwd",
        "/" + "a" * 300,
        "/" + "a/" * 3000,
        "/loop.png",
        "/%ff%fe",
    ):
        assert refusal(links.get(plain("w:30", f"local://{path}"))) == (404, "source_not_found")
    assert refusal(links.get(plain("w:30", "local:///large.png"))) == (422, "source_too_large")


@pytest.mark.parametrize(
    "path", ["/" + "a" * 300, "/a" * 2500, "/circle.png", "/circle.png/x", "/" + "%F0%9F%98%80" * 100]
)
def test_a_name_that_no_file_can_have_is_not_found(links: FlaskClient, path: str) -> None:
    assert refusal(links.get(plain("w:30", f"local://{path}"))) == (404, "source_not_found")


def test_every_way_to_fail_has_its_code(links: FlaskClient, origin: Origin) -> None:
    origin.answers |= {
        "/404": respond(404, b""),
        "/500": respond(500, b""),
        "/302": respond(302, b"", Location=f"{origin.url}/x"),
        "/large": respond(200, PNG + bytes(100_000)),
        "/html": respond(200, b"<html>"),
        "/svg": respond(200, b"<svg/>"),
        "/half": respond(200, PNG[:50]),
        "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx",
    }
    expected = {
        "/404": (404, "source_not_found"), "/500": (422, "source_failed"), "/302": (422, "source_redirected"),
        "/large": (422, "source_too_large"), "/html": (415, "unsupported_type"), "/svg": (415, "unsupported_type"),
        "/half": (422, "broken_image"), "/short": (422, "source_unreachable"),
    }  # fmt: skip
    assert {path: refusal(links.get(plain("w:30", origin.url + path))) for path in expected} == expected


def test_a_slow_source_is_not_waited_for(links: FlaskClient, origin: Origin) -> None:
    slow = Server(lambda *_: time.sleep(3))
    settings = Settings(unsigned=True, sources=slow.url, source_timeout=0.3, children=1)
    app = create_app(settings)
    answer = app.test_client().get(f"/thumbnail/_/w:30/plain/{slow.url}/x")
    app.extensions["sandbox"].close()
    slow.close()
    assert refusal(answer) == (422, "source_too_slow")


def test_other_origins_are_never_asked(links: FlaskClient, canary: Server, origin: Origin) -> None:
    port = canary.port
    for source in (
        canary.url, f"http://localhost:{port}/", f"http://[::1]:{port}/", f"http://2130706433:{port}/",
        "http://169.254.169.254/",         f"http://0x7f.1:{port}/", f"http://127.0.0.1.:{port}/x", "ftp://127.0.0.1/",
        "file:///etc/passwd", "/etc/passwd",
        f"{origin.url}@127.0.0.1:{port}/", f"http://127.0.0.1:{port}\\@{origin.url[7:]}/",
        "gopher://127.0.0.1:70/",
    ):  # fmt: skip
        assert refusal(links.get(plain("w:30", source)))[0] == 422
    assert canary.seen == []


@pytest.mark.parametrize(
    ("headers", "expires", "control"),
    [
        ({}, None, "public, max-age=3600"),
        ({"Cache_Control": "max-age=7"}, None, "public, max-age=7"),
        ({"Cache_Control": "max-age=999999"}, None, "public, max-age=86400"),
        ({"Cache_Control": "no-store"}, None, "no-store"),
        ({}, 100, "public, max-age=100"),
        ({"Cache_Control": "max-age=7"}, 100, "public, max-age=7"),
    ],
)
def test_it_may_be_kept_as_long_as_its_source_and_never_past_its_end(
    links: FlaskClient, origin: Origin, headers: dict[str, str], expires: int | None, control: str
) -> None:
    origin.answers["/kept"] = respond(**headers)
    ends = f"exp:{int(time.time()) + expires}/" if expires else ""
    given = links.get(plain(f"{ends}w:30", f"{origin.url}/kept")).headers["Cache-Control"]
    assert given == control or (expires and given == f"public, max-age={expires - 1}")


def test_raw_and_skipped_sources_are_given_as_they_are(links: FlaskClient, origin: Origin) -> None:
    for options, extension in (("raw:1", ""), ("raw:1", "@jpg"), ("skp:png/w:30", ""), ("skp:png/w:30", "@png")):
        answer = links.get(plain(options, f"{origin.url}/x.png", extension))
        assert (answer.data, answer.content_type) == (PNG, "image/png")
    assert links.get(plain("skp:png/w:30", f"{origin.url}/x.png", "@jpg")).content_type == "image/jpeg"
    origin.answers["/page"] = respond(200, b"<script>")
    page = links.get(plain("raw:1", f"{origin.url}/page"))
    assert (page.content_type, page.data) == ("application/octet-stream", b"<script>")
    assert page.headers["Content-Disposition"].startswith("attachment")


def test_a_source_that_is_skipped_is_measured_and_not_handed_on_if_it_is_a_bomb(
    links: FlaskClient, origin: Origin
) -> None:
    origin.answers |= {"/bomb": respond(200, bombs.huge_png())}
    answer = links.get(plain("skp:png/w:30", f"{origin.url}/x.png"))
    assert [answer.headers[f"X-{name}-Width"] for name in ("Origin", "Result")] == ["60", "60"]
    assert refusal(links.get(plain("skp:png", f"{origin.url}/bomb"))) == (422, "image_too_large")


def test_slashes_that_a_proxy_has_merged_are_mended(links: FlaskClient, origin: Origin) -> None:
    for path, merged in (
        (f"/w:30/plain/{origin.url}//a", f"/w:30/plain/{origin.url.replace('://', ':/')}//a"),
        ("/w:30/plain/local:///a%20b/flag.png", "/w:30/plain/local:/a%20b/flag.png"),
    ):
        answer = links.get(f"/thumbnail/{SIGNER.sign(path)}{merged}")
        assert (answer.status_code, answer.content_type) == (200, "image/png")


def test_without_an_extension_the_answer_is_what_everybody_takes(links: FlaskClient, origin: Origin) -> None:
    clear = pictures.file(pictures.glass(60, 40), "WEBP")
    origin.answers |= {
        "/webp": respond(200, pictures.file(pictures.flag(60, 40), "WEBP")),
        "/avif": respond(200, pictures.file(pictures.flag(60, 40), "AVIF")),
        "/clear": respond(200, clear),
        "/gif": respond(200, pictures.file(pictures.flag(60, 40), "GIF")),
    }
    kinds = {path: links.get(plain("w:30", origin.url + path)).content_type for path in origin.answers}
    expected = {"/webp": "image/jpeg", "/avif": "image/jpeg", "/clear": "image/png", "/gif": "image/gif"}
    assert {path: kinds[path] for path in expected} == expected


def test_max_bytes_of_a_link_is_the_best_that_can_be_done(links: FlaskClient, origin: Origin) -> None:
    origin.answers |= {"/photo": respond(200, pictures.file(pictures.photograph(120, 80), "JPEG"))}
    smallest = links.get(plain("mb:10", f"{origin.url}/photo"))
    some = links.get(plain("mb:2500", f"{origin.url}/photo"))
    assert (smallest.status_code, some.status_code) == (200, 200)
    assert len(smallest.data) < len(some.data) <= 2500
    assert links.get(plain("mb:10", f"{origin.url}/photo", "@png")).content_type == "image/png"


def test_the_name_of_the_file_is_told_safely(links: FlaskClient, origin: Origin) -> None:
    answer = links.get(plain("fn:a%22%0D%0Ab%2F%C3%A9:0/att:1/w:6", f"{origin.url}/x"))
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"a___b__.png\"; filename*=UTF-8''a___b_%C3%A9.png"
    )


def test_a_link_is_known_by_its_tag(links: FlaskClient, origin: Origin) -> None:
    first = links.get(plain("w:30", f"{origin.url}/x"))
    again = links.get(plain("w:30", f"{origin.url}/x"), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


class TestRevalidation:
    """A source that has not changed is not sent again."""

    @pytest.mark.parametrize(
        ("said", "asked"),
        [
            ({"ETag": '"v1"'}, b'If-None-Match: "v1"'),
            ({"Last_Modified": "Mon, 30 Nov 2026 12:00:00 GMT"}, b"If-Modified-Since: Mon, 30 Nov 2026 12:00:00 GMT"),
        ],
    )
    @pytest.mark.parametrize("path", ["", "/info"])
    def test_it_is_asked_whether_it_has_changed(
        self, path: str, said: dict[str, str], asked: bytes, links: FlaskClient, origin: Origin
    ) -> None:
        link = plain("w:31", f"{origin.url}/kept").replace("/thumbnail/", f"/thumbnail{path}/", 1)
        origin.answers["/kept"] = respond(200, **said)
        tag = links.get(link).headers["ETag"]
        origin.answers["/kept"] = b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=77\r\n\r\n"
        again = links.get(link, headers={"If-None-Match": tag})
        assert asked in origin.server.seen[-1]
        assert (again.status_code, again.headers["ETag"], again.headers["Cache-Control"]) == (
            304, tag, "public, max-age=77",
        )  # fmt: skip

    def test_one_that_has_changed_is_made_anew(self, links: FlaskClient, origin: Origin) -> None:
        link = plain("w:31", f"{origin.url}/kept")
        origin.answers["/kept"] = respond(200, ETag='"v1"')
        tag = links.get(link).headers["ETag"]
        origin.answers["/kept"] = respond(200, pictures.file(pictures.flag(90, 30)), ETag='"v2"')
        again = links.get(link, headers={"If-None-Match": tag})
        assert (again.status_code, again.headers["X-Origin-Width"]) == (200, "90")
        assert again.headers["ETag"] != tag

    def test_a_tag_of_other_options_says_nothing(self, links: FlaskClient, origin: Origin) -> None:
        origin.answers["/kept"] = respond(200, ETag='"v1"')
        tag = links.get(plain("w:31", f"{origin.url}/kept")).headers["ETag"]
        links.get(plain("w:32", f"{origin.url}/kept"), headers={"If-None-Match": tag})
        assert b"If-None-Match" not in origin.server.seen[-1]

    def test_a_tag_that_somebody_made_up_adds_no_lines(self, links: FlaskClient, origin: Origin) -> None:
        origin.answers["/kept"] = respond(200, ETag='"v1"')
        link = plain("w:31", f"{origin.url}/kept")
        answer, made, _ = links.get(link).headers["ETag"].strip('"').split(".")
        evil = base64.urlsafe_b64encode(b'"v1"\r\nX: y\n').rstrip(b"=").decode()
        assert links.get(link, headers={"If-None-Match": f'"{answer}.{made}.{evil}"'}).status_code == 200
        assert b"X: y" not in origin.server.seen[-1]

    def test_a_file_of_a_folder_is_known_by_its_time(self, links: FlaskClient, folder: pathlib.Path) -> None:
        target = folder / "kept.png"
        target.write_bytes(PNG)
        link = plain("w:31", "local:///kept.png")
        tag = links.get(link).headers["ETag"]
        assert links.get(link, headers={"If-None-Match": tag}).status_code == 304
        target.write_bytes(pictures.file(pictures.flag(90, 30)))
        assert links.get(link, headers={"If-None-Match": tag}).status_code == 200


def test_colons_may_be_escaped_before_or_after_signing(links: FlaskClient, origin: Origin) -> None:
    escaped = f"/w%3A30/rs%3afit/plain/{origin.url}/x"
    for path in (escaped, escaped.replace("%3A", ":", 1).replace("%3a", ":", 1)):
        answer = links.get(f"/thumbnail/{SIGNER.sign(path)}{escaped}")
        assert (answer.status_code, answer.headers["X-Result-Width"]) == (200, "30")


def test_links_that_need_no_signature_need_none_beside_keys() -> None:
    grammar = Grammar()
    verifier = LinkVerifier(SIGNER, grammar, unsigned=True)
    assert verifier.verify("/anything/w:3/plain/http://x/y").spec.width == 3
    with pytest.raises(Problem, match="signature"):
        LinkVerifier(SIGNER, grammar, unsigned=False).verify("/anything/w:3/plain/http://x/y")


def test_a_source_in_gzip_is_inflated(links: FlaskClient, origin: Origin) -> None:
    origin.answers["/gzip"] = respond(200, gzip.compress(PNG), Content_Encoding="gzip")
    assert links.get(plain("w:30", f"{origin.url}/gzip")).status_code == 200
    origin.answers["/gzip"] = respond(200, gzip.compress(bytes(200_000)), Content_Encoding="gzip")
    assert refusal(links.get(plain("w:30", f"{origin.url}/gzip"))) == (422, "source_too_large")
    origin.answers["/gzip"] = respond(200, gzip.compress(PNG)[:-9], Content_Encoding="gzip")
    assert refusal(links.get(plain("w:30", f"{origin.url}/gzip"))) == (422, "source_unreachable")


def test_links_negotiate_where_that_is_switched_on(origin: Origin) -> None:
    app = create_app(Settings(unsigned=True, sources=origin.url, auto_format=True, children=1))
    client = app.test_client()

    def kind(options: str, accept: str) -> tuple[str, str | None]:
        answer = client.get(f"/thumbnail/_/{options}/plain/{origin.url}/x", headers={"Accept": accept})
        return answer.content_type, answer.headers.get("Vary")

    try:
        assert kind("w:30", "image/avif,image/webp") == ("image/avif", "Accept")
        assert kind("w:30", "image/avif;q=0.1,image/webp") == ("image/webp", "Accept")
        assert kind("w:30", "*/*") == ("image/png", "Accept")
        assert kind("w:30/f:gif", "image/avif") == ("image/gif", None)
    finally:
        app.extensions["sandbox"].close()


def test_links_do_not_negotiate_by_themselves(links: FlaskClient, origin: Origin) -> None:
    answer = links.get(plain("w:30", f"{origin.url}/x"), headers={"Accept": "image/avif,image/webp"})
    assert (answer.content_type, "Vary" in answer.headers) == ("image/png", False)
