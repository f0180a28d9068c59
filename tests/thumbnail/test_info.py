"""POST /thumbnail/info says what a picture is, and what may stand for it."""

import base64

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageCms

from mergepoint.thumbnail import info
from mergepoint.thumbnail.pixels import hashes
from tests.thumbnail import pictures
from tests.thumbnail.bombs import chunk
from tests.thumbnail.test_kinds import TEN_BITS, TWELVE_BITS, packed, png

FLAG = pictures.flag(32, 21)


def test_it_says_what_a_picture_is(client: FlaskClient) -> None:
    said = client.post("/thumbnail/info", data=pictures.file(pictures.flag(60, 40), "PNG")).json
    assert {name: said[name] for name in ("type", "width", "height", "frames", "orientation", "alpha")} == {
        "type": "image/png", "width": 60, "height": 40, "frames": 1, "orientation": 1, "alpha": False,
    }  # fmt: skip
    assert (said["colour_space"], said["profile"]) == ("rgb", None)


def test_a_picture_held_upright_is_told_as_it_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    said = info(pictures.file(pictures.flag(60, 40), "JPEG", exif=exif))
    assert (said["width"], said["height"], said["orientation"]) == (40, 60, 6)


@pytest.mark.parametrize(("mode", "space"), [("L", "grey"), ("CMYK", "cmyk"), ("RGB", "rgb")])
def test_the_colour_space_is_that_of_the_file(mode: str, space: str) -> None:
    target = Image.fromarray(FLAG).convert(mode)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if mode == "RGB" else None
    data = pictures.saved(target, "JPEG", **({"icc_profile": icc} if icc else {}))
    said = info(data)
    assert said["colour_space"] == space
    assert bool(said["profile"]) == bool(icc)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_frames_are_counted(format: str) -> None:
    assert info(pictures.moving(format, 5))["frames"] == 5


@pytest.mark.parametrize(
    ("colour", "channels", "depth", "space", "palette"),
    [
        (0, 1, 1, "grey", False), (0, 1, 4, "grey", False), (0, 1, 16, "grey", False), (4, 2, 8, "grey", False),
        (4, 2, 16, "grey", False), (2, 3, 16, "rgb", False), (6, 4, 16, "rgb", False), (3, 1, 2, "rgb", True),
    ],
)  # fmt: skip
def test_colours_and_depth_are_those_of_the_file(
    colour: int, channels: int, depth: int, space: str, palette: bool
) -> None:
    levels = np.zeros((48, 64 * channels), np.uint16)
    more = [chunk(b"PLTE", bytes(12))] if palette else []
    said = info(png(packed(levels, depth), depth, colour, *more))
    assert (said["colour_space"], said["bit_depth"], said["palette"]) == (space, depth, palette)


@pytest.mark.parametrize(("file", "depth"), [(TEN_BITS, 10), (TWELVE_BITS, 12)])
def test_the_depth_of_an_avif_is_that_of_the_file(file: str, depth: int) -> None:
    assert info(base64.b64decode(file))["bit_depth"] == depth


@pytest.mark.parametrize(
    ("colour", "named"), [((255, 0, 0), "ff0000"), ((12, 200, 99), "0cc863"), ((255, 255, 255), "ffffff")]
)
def test_the_dominant_colour_is_the_commonest(colour: tuple[int, int, int], named: str) -> None:
    picture = pictures.plain(64, 64, colour)
    picture[:20, :30] = (0, 0, 90)
    assert info(pictures.file(picture))["dominant_colour"] == named


def test_what_is_transparent_has_no_colour() -> None:
    picture = pictures.plain(40, 40, (0, 255, 0, 0))
    picture[:10] = (200, 0, 0, 255)
    said = info(pictures.file(picture))
    assert (said["dominant_colour"], said["alpha"]) == ("c80000", True)


# What the reference implementations give for these pictures.
def test_the_blurhash_is_that_of_the_reference() -> None:
    assert hashes.blurhash(FLAG) == "L~LpC9dgaNtiq?^JsnI;elxDj@WV"
    assert hashes.blurhash(pictures.plain(10, 10, (1, 200, 3))) == "LI0G_fhVfQhVhVg0fQg0fQfQfQfQ"


OPAQUE = np.dstack([FLAG, np.full(FLAG.shape[:2], 255, np.uint8)])
GLASS = np.dstack([pictures.flag(20, 32), np.linspace(255, 0, 20).astype(np.uint8)[None].repeat(32, 0)])


@pytest.mark.parametrize(
    ("picture", "reference", "head"),
    [(OPAQUE, "XjcSlZxziYfAaIiHeKiGeIS/+KiN", 5), (GLASS, "maaGYww3QbB7qIZ2z9j6jo+Ih4h4eIg=", 6)],
    ids=["opaque", "glass"],
)
def test_the_thumbhash_is_that_of_the_reference_but_for_rounding(
    picture: np.ndarray, reference: str, head: int
) -> None:
    """A wave of no height is 7 or 8 of 15, as rounding falls in JavaScript; here it is always 8."""
    ours, theirs = base64.b64decode(hashes.thumbhash(picture)), base64.b64decode(reference)
    assert ours[:head] == theirs[:head]
    for mine, other in zip(ours[head:], theirs[head:], strict=True):
        assert abs((mine & 15) - (other & 15)) <= 1
        assert abs((mine >> 4) - (other >> 4)) <= 1


def test_the_placeholder_is_a_tiny_picture() -> None:
    said = info(pictures.file(pictures.flag(400, 200)))["placeholder"]
    kind, _, data = said.partition(";base64,")
    tiny = pictures.opened(base64.b64decode(data))
    assert (kind, tiny.size) == ("data:image/webp", (16, 8))
    assert len(said) < 400
    assert abs(np.asarray(tiny.convert("RGB"))[1, 1].astype(int) - (255, 0, 0)).max() < 40


def test_what_is_no_picture_is_refused(client: FlaskClient) -> None:
    assert client.post("/thumbnail/info", data=b"text").status_code == 415
    assert client.post("/thumbnail/info?width=3", data=pictures.file(FLAG)).json["code"] == "unknown_option"
