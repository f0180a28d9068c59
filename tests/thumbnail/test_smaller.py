"""An answer is no larger than its source without need: palettes, lossless WebP, progressive JPEG, its own pixels."""

import io

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageDraw

from mergepoint.thumbnail import Spec, thumbnail
from tests.thumbnail import damage, pictures


def drawing(width: int = 400, height: int = 300, colours: int = 12) -> Image.Image:
    """A chart with text, of few colours."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for number in range(colours):
        draw.rectangle(
            (number * 30, 300 - number * 20, number * 30 + 20, 300), fill=(number * 20, 80, 255 - number * 15)
        )
        draw.text((10, number * 20), "so much of that in 2026", fill="black")
    return image


def page(width: int = 1200, height: int = 900) -> bytes:
    """A page of text, of one bit."""
    image = Image.new("1", (width, height), 1)
    draw = ImageDraw.Draw(image)
    for row in range(0, height, 16):
        draw.text((20, row), "The quick brown fox jumps over the lazy dog. " * 4, fill=0)
    return pictures.saved(image, "PNG")


PALETTE = pictures.saved(drawing().quantize(64), "PNG")


class TestPalettes:
    def test_few_colours_stay_a_palette_without_loss(self) -> None:
        made = pictures.opened(thumbnail(PALETTE, Spec(rotate=90)).bytes)
        assert made.mode == "P"
        assert (np.asarray(made.convert("RGB")) == np.rot90(pictures.pixels(PALETTE), -1)).all()

    def test_more_are_brought_to_as_many_if_the_format_was_not_asked_for(self) -> None:
        auto = thumbnail(PALETTE, Spec(width=200, takes=())).bytes
        asked = thumbnail(PALETTE, Spec(width=200, format="PNG")).bytes
        assert (pictures.opened(auto).mode, pictures.opened(asked).mode) == ("P", "RGB")
        assert len(auto) < len(asked) / 1.5

    @pytest.mark.parametrize("bits", [1, 2, 4, 8])
    def test_it_has_no_more_bits_than_it_needs(self, bits: int) -> None:
        pixels = np.arange(64 * 64).reshape(64, 64) % (1 << bits)
        source = np.dstack([pixels * (255 // ((1 << bits) - 1)), pixels, 255 - pixels]).astype(np.uint8)
        data = thumbnail(pictures.file(source), Spec(palette=True, format="PNG")).bytes
        assert (pictures.pixels(data) == source).all()
        assert bits == 8 or data[24] == bits

    def test_alpha_is_one_of_its_colours(self) -> None:
        glass = pictures.glass(64, 48)
        data = thumbnail(pictures.file(glass), Spec(palette=True, format="PNG")).bytes
        assert pictures.opened(data).mode == "P"
        assert (pictures.pixels(data, "RGBA")[..., 3] == glass[..., 3]).all()

    def test_any_picture_may_have_one(self, client: FlaskClient) -> None:
        photograph = pictures.file(damage.photograph())
        answer = client.post("/thumbnail?png_palette=1&width=80", data=photograph)
        assert pictures.opened(answer.data).mode == "P"
        assert pictures.opened(client.post("/thumbnail?width=80", data=photograph).data).mode == "RGB"

    def test_a_page_of_one_bit_made_small_is_smaller(self) -> None:
        source = page()
        made = thumbnail(source, Spec(width=600)).bytes
        assert len(made) < len(source) * 1.5
        assert made[24] <= 4


def test_a_webp_that_lost_nothing_loses_nothing() -> None:
    source = pictures.file(damage.photograph(), "WEBP", lossless=True)
    turned = thumbnail(source, Spec(rotate=180)).bytes
    assert b"VP8L" in turned[:40]
    assert (pictures.pixels(turned) == damage.photograph()[::-1, ::-1]).all()
    assert b"VP8L" not in thumbnail(source, Spec(rotate=180, quality=50)).bytes[:40]
    assert b"VP8L" not in thumbnail(pictures.file(damage.photograph(), "WEBP"), Spec(rotate=180)).bytes[:40]


def test_a_jpeg_is_progressive_where_that_is_smaller_and_costs_little() -> None:
    large = pictures.file(pictures.photograph(1600, 1200), "JPEG")
    modes = {width: pictures.opened(thumbnail(large, Spec(width=width)).bytes) for width in (100, 330, 1000)}
    assert [bool(image.info.get("progressive")) for image in modes.values()] == [False, True, False]


class TestOriginals:
    @pytest.mark.parametrize("of", ["JPEG", "progressive JPEG", "PNG", "palette PNG", "GIF", "WebP", "lossless WebP"])
    def test_what_changes_nothing_keeps_the_compressed_pixels(self, of: str) -> None:
        source = damage.whole(of)
        made = thumbnail(source, Spec())
        assert (pictures.pixels(made.bytes, "RGBA") == pictures.pixels(source, "RGBA")).all()
        assert len(made.bytes) <= len(source)
        for note in (b"a program", b"Exif", b"ICCP", b"iCCP"):
            assert note not in made.bytes

    def test_alpha_is_kept_with_them(self) -> None:
        source = pictures.file(pictures.glass(64, 48), "WEBP", exif=b"Exif\0\0somewhere")
        made = thumbnail(source, Spec()).bytes
        assert (pictures.pixels(made, "RGBA") == pictures.pixels(source, "RGBA")).all()
        assert b"somewhere" not in made

    @pytest.mark.parametrize(
        "wanted",
        [{"quality": 50}, {"width": 40}, {"rotate": 90}, {"blur": 1.0}, {"greyscale": True}, {"format": "WEBP"}],
    )
    def test_what_changes_something_does_not(self, wanted: dict[str, object]) -> None:
        source = pictures.file(damage.photograph(), "JPEG")
        scan = source[source.index(b"\xff\xda") :]
        assert scan in thumbnail(source, Spec()).bytes
        assert scan not in thumbnail(source, Spec(**wanted)).bytes  # type: ignore[arg-type]

    def test_a_turned_or_coloured_source_is_made_anew(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        held = thumbnail(pictures.file(damage.photograph(), "JPEG", exif=exif), Spec())
        assert (held.width, held.height) == (damage.HEIGHT, damage.WIDTH)
        inks = io.BytesIO()
        Image.fromarray(damage.photograph()).convert("CMYK").save(inks, "JPEG")
        assert pictures.opened(thumbnail(inks.getvalue(), Spec()).bytes).mode == "RGB"
