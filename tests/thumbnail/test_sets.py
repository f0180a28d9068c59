"""POST /thumbnail/set: several sizes and formats from one decode, with a ready srcset."""

import email
import email.policy
import io
import json
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient

from mergepoint.thumbnail import core
from mergepoint.thumbnail.codecs.pictures import Picture
from tests.thumbnail import pictures

JPEG = pictures.file(pictures.flag(90, 60), "JPEG")


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("manifest.json")), files


def test_every_width_in_every_format_is_there(client: FlaskClient) -> None:
    answer = client.post("/thumbnail/set?widths=30,60&formats=webp,jpeg&name=flag", data=JPEG)
    assert answer.content_type == "application/zip"
    about, files = unpacked(answer.data)
    assert list(files) == ["flag-30.webp", "flag-60.webp", "flag-30.jpg", "flag-60.jpg"]
    assert [pictures.opened(data).size for data in files.values()] == [(30, 20), (60, 40)] * 2
    assert [file["bytes"] for file in about["files"]] == list(map(len, files.values()))


def test_the_srcset_is_ready_for_html(client: FlaskClient) -> None:
    query = "widths=60,30&formats=avif,jpeg&sizes=(min-width: 9em) 50vw, 100vw"
    about, _ = unpacked(client.post(f"/thumbnail/set?{query}", data=JPEG).data)
    assert about["srcset"] == {
        "image/avif": "image-30.avif 30w, image-60.avif 60w",
        "image/jpeg": "image-30.jpg 30w, image-60.jpg 60w",
    }
    assert about["html"] == (
        '<picture><source type="image/avif" srcset="image-30.avif 30w, image-60.avif 60w" '
        'sizes="(min-width: 9em) 50vw, 100vw"><img src="image-60.jpg" srcset="image-30.jpg 30w, image-60.jpg 60w" '
        'sizes="(min-width: 9em) 50vw, 100vw" width="60" height="40" alt=""></picture>'
    )


def test_markup_in_sizes_stays_text(client: FlaskClient) -> None:
    about, _ = unpacked(client.post('/thumbnail/set?widths=30&sizes="><script>', data=JPEG).data)
    assert "<script" not in about["html"]


def test_a_width_beyond_the_picture_gives_its_own_once(client: FlaskClient) -> None:
    _, files = unpacked(client.post("/thumbnail/set?widths=30,200,300&formats=jpeg", data=JPEG).data)
    assert list(files) == ["image-30.jpg", "image-90.jpg"]


def test_other_options_hold_for_all(client: FlaskClient) -> None:
    query = "widths=20,40&formats=png&width=10&height=10&fit=cover"
    _, files = unpacked(client.post(f"/thumbnail/set?{query}", data=JPEG).data)
    assert [pictures.opened(data).size for data in files.values()] == [(20, 20), (40, 40)]


def test_multipart_is_the_same_in_parts(client: FlaskClient) -> None:
    answer = client.post("/thumbnail/set?widths=30&formats=webp,jpeg&archive=multipart", data=JPEG)
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    parts = list(email.message_from_bytes(head + answer.data, policy=email.policy.HTTP).iter_parts())
    assert [part.get_filename() for part in parts] == ["manifest.json", "image-30.webp", "image-30.jpg"]
    assert [part.get_content_type() for part in parts] == ["application/json", "image/webp", "image/jpeg"]
    _, files = unpacked(client.post("/thumbnail/set?widths=30&formats=webp,jpeg", data=JPEG).data)
    assert [part.get_payload(decode=True) for part in parts][1:] == list(files.values())


def test_it_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    first = Picture.first
    monkeypatch.setattr(Picture, "first", lambda self: decoded.append(1) or first(self))
    core.thumbnails(JPEG, [core.Spec(width=10), core.Spec(width=20, format="WEBP"), core.Spec(height=5)])
    assert decoded == [1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("widths=0", "widths"), ("widths=1,x", "widths"), ("widths=" + "1," * 12 + "1", "widths"),
        ("formats=bmp", "formats"), ("name=../x", "name"), ("archive=tar", "archive"),
        ("widths=9999&upscale=1", "width"),
    ],
)  # fmt: skip
def test_a_bad_option_is_named(client: FlaskClient, query: str, field: str) -> None:
    answer = client.post(f"/thumbnail/set?{query}", data=JPEG)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
