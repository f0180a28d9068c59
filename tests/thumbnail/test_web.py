"""POST /thumbnail: a picture in, a picture out."""

import base64
import io
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.web import create_app
from tests.thumbnail import pictures

PNG = pictures.file(pictures.flag(60, 40))
URLENCODED = "application/x-www-form-urlencoded"
BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    "kind",
    ["image/png", "image/jpeg", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain", ""],
)
def test_the_body_is_the_picture_whatever_it_is_called(client: FlaskClient, kind: str) -> None:
    answer = client.post("/thumbnail?width=30", data=PNG, content_type=kind)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert pictures.opened(answer.data).size == (30, 20)


def test_a_form_brings_the_picture_as_a_file(client: FlaskClient) -> None:
    answer = client.post("/thumbnail", data={"image": (io.BytesIO(PNG), "flag.png"), "width": "30"})
    assert pictures.opened(answer.data).size == (30, 20)


def test_a_urlencoded_form_brings_its_bytes(client: FlaskClient) -> None:
    answer = client.post("/thumbnail", data=urlencode({"image": PNG, "width": 30}), content_type=URLENCODED)
    assert pictures.opened(answer.data).size == (30, 20)


@pytest.mark.parametrize("path", ["/thumbnail", "/thumbnail/info", "/thumbnail/set"])
@pytest.mark.parametrize("name", ["file", "picture", "img", "photo", "upload", "data"])
def test_a_picture_under_another_name_is_told_the_right_one(client: FlaskClient, path: str, name: str) -> None:
    answer = client.post(path, data={name: (io.BytesIO(PNG), "flag.png")})
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_option")
    assert answer.json["errors"][0]["field"] == name
    assert "the nearest is 'image'" in answer.json["detail"]


def test_null_is_not_given(client: FlaskClient) -> None:
    image = base64.b64encode(PNG).decode()
    answer = client.post("/thumbnail", json={"image": image, "width": 30, "height": None, "fit": None, "dpr": None})
    assert pictures.opened(answer.data).size == (30, 20)


def test_sizes_are_told(client: FlaskClient) -> None:
    headers = client.post("/thumbnail?width=30", data=PNG).headers
    assert [headers[f"X-{of}"] for of in ("Origin-Width", "Origin-Height", "Result-Width", "Result-Height")] == [
        "60", "40", "30", "20",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("text/html", "image/png"),
        (BROWSER, "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("image/avif;q=0,image/webp", "image/webp"),
        ("image/avif;q=0.1", "image/avif"),
        ("IMAGE/WebP", "image/webp"),
        ("image/webp;v=1 ; q=0.9, */*", "image/webp"),
        ("image/webp;v=1;q=0", "image/png"),
        ("image/avif-sequence, image/webpx", "image/png"),
        (',;=/é"', "image/png"),
    ],
)
def test_auto_writes_what_the_reader_says_it_takes(client: FlaskClient, accept: str, kind: str) -> None:
    answer = client.post("/thumbnail?width=30", data=PNG, headers={"Accept": accept})
    assert (answer.content_type, answer.headers["Vary"]) == (kind, "Accept")


def test_a_named_format_does_not_vary(client: FlaskClient) -> None:
    answer = client.post("/thumbnail?width=30&format=jpeg", data=PNG, headers={"Accept": BROWSER})
    assert (answer.content_type, "Vary" in answer.headers) == ("image/jpeg", False)


def test_a_known_answer_is_not_made_again(client: FlaskClient) -> None:
    first = client.post("/thumbnail?width=30", data=PNG)
    again = client.post("/thumbnail?width=30", data=PNG, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.post("/thumbnail?width=31", data=PNG, headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    changed = pictures.file(pictures.flag(60, 42))
    assert client.post("/thumbnail?width=30", data=changed).headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("width=0", "width"), ("width=-1", "width"), ("width=1000000000", "width"), ("height=NaN", "height"),
        ("width=1.5", "width"), ("dpr=inf", "dpr"), ("dpr=0", "dpr"), ("blur=nan", "blur"), ("quality=101", "quality"),
        ("fit=stretch", "fit"), ("position=2,2", "position"), ("background=red", "background"), ("rotate=45", "rotate"),
        ("frames=0", "frames"), ("max_bytes=1", "max_bytes"), ("format=tiff", "format"), ("wdith=3", "wdith"),
        ("width=5000&upscale=1", "width"), ("trim=-1", "trim"),
    ],
)  # fmt: skip
def test_a_bad_option_is_named(client: FlaskClient, query: str, field: str) -> None:
    answer = client.post(f"/thumbnail?{query}", data=PNG)
    assert answer.status_code == 422
    assert {error["field"].partition(".")[0] for error in answer.json["errors"]} == {field}


def test_a_body_over_the_limit_is_refused(client: FlaskClient) -> None:
    answer = client.post("/thumbnail?width=3", data=bytes((10 << 20) + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")


def test_it_is_healthy(client: FlaskClient) -> None:
    libraries = client.get("/thumbnail/health").json["libraries"]
    assert libraries.keys() == {"isal", "kornia_rs", "numpy", "pillow", "simplejpeg"}


def test_a_preset_is_changed_by_what_is_asked_beside_it() -> None:
    app = create_app(Settings(presets="square=rs:fill:20:20/q:30/mb:100/f:jpg", children=1))
    asked = app.test_client().post("/thumbnail?preset=square&width=10", data=PNG)
    strict = app.test_client().post("/thumbnail?preset=square&max_bytes=100", data=PNG)
    app.extensions["sandbox"].close()
    assert pictures.opened(asked.data).size == (10, 20)
    assert "Vary" not in asked.headers
    assert strict.json["code"] == "does_not_fit"  # where a link, and its preset, does what it can


def test_an_unknown_preset_is_named(client: FlaskClient) -> None:
    assert client.post("/thumbnail?preset=none", data=PNG).json["code"] == "unknown_preset"


@pytest.mark.parametrize(
    "wrong",
    [{"keys": "zz", "salts": "00"}, {"keys": "00"}, {"sources": "example.com"}, {"sources": "local:///none"},
     {"presets": "a=b:c"}, {"presets": "a"}, {"watermark": "/none"}],
)  # fmt: skip
def test_a_bad_setting_stops_the_program(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_frames_of_an_animation_are_kept_on_request(client: FlaskClient) -> None:
    for source, again in (("GIF", {"gif": 3, "webp": 4}), ("WEBP", {"gif": 2, "webp": 3})):
        data = pictures.moving(source, 4)
        assert pictures.opened(client.post("/thumbnail?width=15", data=data).data).size == (15, 10)
        for format in ("gif", "webp"):
            answer = client.post(f"/thumbnail?width=15&frames=all&format={format}", data=data)
            moved = pictures.opened(answer.data)
            assert (moved.n_frames, moved.size, moved.info["loop"], moved.info["duration"]) == (
                4, (15, 10), again[format], 100,
            )  # fmt: skip
        assert pictures.opened(client.post("/thumbnail?frames=2&format=gif", data=data).data).n_frames == 2
        still = client.post("/thumbnail?frames=all&format=jpeg", data=data)
        assert still.content_type == "image/jpeg"


def test_max_bytes_is_kept_with_the_best_quality_that_fits(client: FlaskClient) -> None:
    photograph = pictures.file(pictures.photograph(300, 200))
    for format in ("jpeg", "webp", "avif", "png", "gif"):
        call = f"/thumbnail?format={format}&max_bytes="
        sizes = [len(client.post(f"{call}{most}", data=photograph).data) for most in (9000, 30_000)]
        assert sizes[0] <= 9000
        assert sizes[0] <= sizes[1] <= 30_000
    best = client.post("/thumbnail?format=jpeg&max_bytes=9000", data=photograph).data
    assert len(best) > 7500  # not less than need be
