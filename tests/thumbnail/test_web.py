"""POST /thumbnail: a picture in, a picture out."""

import base64
import io
import zipfile
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from PIL import Image
from pydantic import ValidationError

from mergepoint.thumbnail import Crop, Position, Spec, Trim
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
        ("image/avif;q=0.5,image/webp;q=0.9", "image/webp"),
        ("image/png, image/avif;q=0.5", "image/png"),
        ("image/jpeg, image/avif;q=0.5", "image/avif"),
        ("image/png, image/avif", "image/avif"),
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
    answer = client.post("/thumbnail?width=3", data=bytes((25 << 20) + 1))
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


def test_jpg_is_jpeg(client: FlaskClient) -> None:
    for name in ("jpg", "JPG", "jpeg"):
        assert client.post(f"/thumbnail?format={name}", data=PNG).content_type == "image/jpeg"
    manifest = zipfile.ZipFile(io.BytesIO(client.post("/thumbnail/set?widths=20&formats=webp,jpg", data=PNG).data))
    assert "image-20.jpg" in manifest.namelist()


PLAIN = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.rstrip("="),
        "\r\n".join(PLAIN[start : start + 76] for start in range(0, len(PLAIN), 76)) + "\n",
        base64.urlsafe_b64encode(PNG).decode(),
        f"data:image/png;base64,{PLAIN}",
        f"data:;base64,{quote(PLAIN)}",
        "data:image/png," + quote(PNG),
    ],
    ids=["plain", "without padding", "in lines", "for URLs", "a data URL", "an escaped data URL", "escaped bytes"],
)
def test_base64_is_taken_as_people_have_it(text: str, client: FlaskClient) -> None:
    answer = client.post("/thumbnail", json={"image": text, "width": 30})
    assert (answer.status_code, answer.headers.get("X-Result-Width")) == (200, "30")


@pytest.mark.parametrize("text", ["data:image/png;base64", "data:image/png;base64,!!", "!"])
def test_what_is_no_base64_is_named(text: str, client: FlaskClient) -> None:
    answer = client.post("/thumbnail", json={"image": text})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "image")


class TestCrop:
    @pytest.mark.parametrize(
        ("crop", "size", "colour"),
        [
            ("0,0,10,8", (10, 8), pictures.RED),
            ("30,20,30,20", (30, 20), (255, 255, 255)),
            ("0.5,0,0.5,0.5", (30, 20), pictures.GREEN),
            ("50,0,100,10", (10, 10), pictures.GREEN),
        ],
    )
    def test_a_part_is_cut_out(self, crop: str, size: tuple[int, int], colour: object, client: FlaskClient) -> None:
        shown = pictures.pixels(client.post(f"/thumbnail?crop={crop}", data=PNG).data)
        assert (shown.shape[1], shown.shape[0]) == size
        assert (shown == colour).all()

    def test_it_is_of_the_picture_as_it_is_seen(self, client: FlaskClient) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3
        turned = pictures.file(pictures.flag(60, 40), exif=exif)
        assert (pictures.pixels(client.post("/thumbnail?crop=0,0,10,8", data=turned).data) == 255).all()

    def test_what_is_cut_out_is_what_the_box_is_about(self, client: FlaskClient) -> None:
        answer = client.post("/thumbnail?crop=0,0,30,20&width=15&format=png", data=PNG)
        assert pictures.pixels(answer.data).shape == (10, 15, 3)

    @pytest.mark.parametrize("crop", ["1,2,3", "0,0,0,9", "a,b,c,d", "-1,0,5,5", "0,0,5,5,5"])
    def test_what_is_no_part_is_named(self, crop: str, client: FlaskClient) -> None:
        assert client.post(f"/thumbnail?crop={crop}", data=PNG).json["errors"][0]["field"] == "crop"

    def test_where_there_is_nothing_is_named(self, client: FlaskClient) -> None:
        assert client.post("/thumbnail?crop=60,0,9,9", data=PNG).json["code"] == "impossible_size"


def test_greyscale_is_as_bright_as_the_colours_look(client: FlaskClient) -> None:
    shown = pictures.opened(client.post("/thumbnail?greyscale=1", data=PNG).data)
    assert shown.mode == "L"
    assert [shown.getpixel(place) for place in ((5, 5), (55, 5), (5, 35), (55, 35))] == [127, 109, 76, 255]


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ({"format": "png"}, {"format": "PNG"}),
        ({"format": "jpg"}, {"format": "JPEG"}),
        ({"format": "auto"}, {"format": None}),
        ({"position": "north"}, {"position": Position("side", 0.5, 0.0)}),
        ({"position": "0.5,0.25"}, {"position": Position("point", 0.5, 0.25)}),
        ({"background": "#f80"}, {"background": (255, 136, 0)}),
        ({"frames": "all"}, {"frames": 0}),
        ({"rotate": "none"}, {"auto_rotate": False}),
        ({"rotate": "90"}, {"rotate": 90}),
        ({"trim": 5}, {"trim": Trim(5)}),
        ({"crop": "1,2,3,4"}, {"crop": Crop(3, 4, left=1, top=2)}),
    ],
)
def test_a_spec_takes_the_words_of_the_options(words: dict[str, object], same: dict[str, object]) -> None:
    assert Spec(**words) == Spec(**same)  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [{"format": "bmp"}, {"position": "there"}, {"frames": "some"}, {"rotate": "up"}])
def test_a_word_that_a_spec_does_not_know_is_named(words: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(words))):
        Spec(**words)  # type: ignore[arg-type]
