"""The fast decoders and the encoder of PNG give what Pillow gives; what they cannot do is Pillow's."""

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from mergepoint.thumbnail import Spec, thumbnail
from mergepoint.thumbnail.codecs import jpeg, png
from mergepoint.thumbnail.codecs.pictures import Picture
from mergepoint.thumbnail.spec import Limits
from tests.thumbnail import pictures
from tests.thumbnail.bombs import chunk
from tests.thumbnail.pictures import Pixels

SHAPES = [(1, 1), (1, 7), (37, 53), (300, 2), (200, 300)]


def drawn(height: int, width: int, channels: int) -> Pixels:
    smooth = np.add.outer(np.arange(height) * 3, np.arange(width) * 2)[..., None] + np.arange(channels) * 40
    noise = np.random.default_rng(height).integers(0, 9, (height, width, channels))
    return (smooth + noise).astype(np.uint8)


def first(data: bytes) -> Pixels:
    return Picture(data, Limits()).first()


def chunks(data: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == int.from_bytes(data[at + 8 + length :][:4], "big")
        found.append(data[at : at + 12 + length])
        at += 12 + length
    return found


class TestPngWritten:
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_pixels_come_back(self, shape: tuple[int, int], channels: int) -> None:
        pixels = drawn(*shape, channels)
        opened = pictures.opened(png.write(pixels))
        assert opened.mode == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
        assert (np.asarray(opened).reshape(pixels.shape) == pixels).all()

    @pytest.mark.parametrize("kind", ["noise", "plain", "columns", "slope", "photograph"])
    def test_it_is_hardly_larger_than_what_zlib_does_in_six_times_the_time(self, kind: str) -> None:
        pixels = {
            "noise": np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8),
            "plain": pictures.plain(300, 200, (1, 2, 3)),
            "columns": pictures.stripes(300, 200),
            "slope": np.add.outer(np.arange(200), np.arange(300))[..., None].repeat(3, axis=2).astype(np.uint8),
            "photograph": pictures.photograph(300, 200),
        }[kind]
        assert len(png.write(pixels)) < 1.12 * len(pictures.file(pixels, "PNG", compress_level=6)) + 1000

    def test_metadata_that_is_kept_is_where_every_reader_finds_it(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        exif = Image.Exif()
        exif[0x8298] = "somebody"
        data = png.write(drawn(4, 4, 3), bytes(exif.tobytes()), "<x>é</x>".encode(), profile)
        assert [chunk[4:8] for chunk in chunks(data)] == [b"IHDR", b"iCCP", b"eXIf", b"iTXt", b"IDAT", b"IEND"]
        opened = pictures.opened(data)
        assert (opened.info["icc_profile"], opened.getexif()[0x8298]) == (profile, "somebody")
        assert opened.info["XML:com.adobe.xmp"] == "<x>é</x>"


class TestPngRead:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_kind_gives_what_pillow_gives(self, mode: str) -> None:
        image = Image.fromarray(drawn(37, 53, 3))
        image = (
            Image.fromarray(drawn(37, 53, 1)[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
        )
        data = pictures.saved(image, "PNG")
        shown = first(data)
        if mode == "I;16":
            expected = np.asarray(image) >> 8
        else:
            expected = np.asarray(image.convert({"1": "L", "P": "RGB"}.get(mode, mode)))
        assert (shown == expected.reshape(shown.shape)).all()

    def test_a_colour_that_means_transparent_is_transparent(self) -> None:
        data = pictures.saved(Image.fromarray(pictures.flag(8, 8)), "PNG", transparency=pictures.RED)
        assert first(data)[0, 0].tolist()[3] == 0

    @pytest.mark.parametrize("damage", ["cut", "filter"])
    def test_the_fast_decoder_refuses_what_is_damaged(self, damage: str) -> None:
        whole = pictures.file(drawn(60, 60, 3))
        data = whole[: len(whole) // 2]
        if damage == "filter":
            idat = next(part for part in chunks(whole) if part[4:8] == b"IDAT")
            data = whole.replace(idat, chunk(b"IDAT", zlib.compress(np.full((60, 181), 9, np.uint8).tobytes())))
        assert png.read(data, "RGB", 60, 60) is None

    def test_orientation_is_found_behind_the_pixels_too(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        body = bytes(exif.tobytes()).removeprefix(b"Exif\0\0")
        late = chunk(b"eXIf", body)
        whole = pictures.file(pictures.flag(30, 20))
        small = thumbnail(whole[:-12] + late + whole[-12:], Spec(width=10))
        assert (small.width, small.height) == (10, 15)


class TestJpegRead:
    @pytest.mark.parametrize(
        "options", [{}, {"progressive": True}, {"subsampling": "4:4:4"}, {"restart_marker_rows": 1}]
    )
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_every_kind_gives_what_pillow_gives(self, mode: str, options: dict[str, Any]) -> None:
        image = Image.fromarray(drawn(37, 53, 3)).convert(mode)
        data = pictures.saved(image, "JPEG", quality=90, **options)
        assert jpeg.read(data, mode, 53, 37) is not None
        expected = np.asarray(pictures.opened(data).convert("L" if mode == "L" else "RGB"))
        assert (first(data) == expected.reshape(37, 53, -1)).all()

    def test_half_of_it_is_what_pillow_has_of_half(self) -> None:
        data = pictures.file(pictures.photograph(201, 133), "JPEG")
        halved = Image.open(io.BytesIO(data))
        halved.draft(None, (100, 66))
        shown = jpeg.read(data, "RGB", *halved.size)
        assert shown is not None
        assert (shown == np.asarray(halved)).all()

    def test_the_fast_decoder_refuses_what_it_warns_of(self) -> None:
        whole = pictures.file(pictures.photograph(90, 60), "JPEG")
        assert jpeg.read(whole[:-200] + b"\xff\xd9", "RGB", 90, 60) is None
