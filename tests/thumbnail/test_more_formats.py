"""TIFF, BMP and ICO are taken where the operator names them, and are read as they look; else none of them is read."""

import os
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageCms
from pydantic import ValidationError

from mergepoint.thumbnail import BrokenImage, ImageTooLarge, Limits, NotAnImage, Spec, info, thumbnail
from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.deadlines import LONGEST_DEADLINE
from mergepoint.thumbnail.web import create_app
from tests.stopwatch import Stopwatch
from tests.thumbnail import bombs, damage, pictures
from tests.thumbnail.test_kinds import BLUE, GREEN, PLACES, RED, WHITE, packed
from tests.thumbnail.tiffs import ASCII, LONG, UNDEFINED, bmp, ico, icon, padded, plain, shorts, tiff, tiles

MORE = Limits(more_formats=("TIFF", "BMP", "ICO"))
FLAG = pictures.flag(64, 48)
GREY = np.asarray(Image.fromarray(FLAG).convert("L"))[..., None]
WIDE = FLAG.astype(np.uint16) * 257
GLASS = np.dstack([FLAG, np.full((48, 64), 128, np.uint8)])
HALF = np.dstack([(FLAG // 2), np.full((48, 64), 128, np.uint8)])
INKS = np.asarray(Image.fromarray(FLAG).convert("CMYK"))
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
COLOURS = [RED, GREEN, BLUE, WHITE]
INDEXES = np.zeros((48, 64), np.uint8)
INDEXES[:24, 32:], INDEXES[24:, :32], INDEXES[24:, 32:] = 1, 2, 3


def made(data: bytes, **wanted: Any) -> Any:
    return thumbnail(data, Spec(**wanted), limits=MORE)


def seen(data: bytes, **wanted: Any) -> list[tuple[int, ...]]:
    """Return red, green, blue and alpha of each quarter."""
    shown = pictures.pixels(made(data, format="PNG", **wanted).bytes, "RGBA")
    return [tuple(int(level) for level in shown[place]) for place in PLACES]


def opaque(*colours: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [(*colour[:3], 255) for colour in colours]


def close(found: Sequence[tuple[int, ...]], wanted: Sequence[tuple[int, ...]], by: int) -> bool:
    return bool(abs(np.array(found) - np.array(wanted)).max() <= by)


def levels() -> list[tuple[int, ...]]:
    return [(int(GREY[place][0]),) * 3 + (255,) for place in PLACES]


class TestSwitch:
    FILES: ClassVar = {
        "TIFF": pictures.saved(Image.fromarray(FLAG), "TIFF"),
        "BMP": pictures.saved(Image.fromarray(FLAG), "BMP"),
        "ICO": pictures.saved(Image.fromarray(FLAG), "ICO", sizes=[(64, 48)]),
    }

    @pytest.mark.parametrize("name", FILES)
    def test_what_was_not_asked_for_is_not_taken(self, name: str) -> None:
        with pytest.raises(NotAnImage, match=f"this is a {name} file.*JPEG, PNG, GIF, WebP, AVIF or HEIC file"):
            thumbnail(self.FILES[name])
        others = tuple(other for other in self.FILES if other != name)
        with pytest.raises(NotAnImage, match=f"THUMBNAIL_MORE_FORMATS.*HEIC, {others[0]} or {others[1]} file"):
            thumbnail(self.FILES[name], limits=Limits(more_formats=others))
        assert made(self.FILES[name], width=32).width == 32

    def test_a_setting_names_them(self) -> None:
        assert Settings().limits.more_formats == ()
        assert Settings(more_formats=" ico, TIFF,").limits.more_formats == ("TIFF", "ICO")

    @pytest.mark.parametrize("value", ["psd", "tiff,jpeg", "tiff bmp", "tif"])
    def test_another_name_is_refused_at_the_start(self, value: str) -> None:
        with pytest.raises(ValidationError, match="some of tiff, bmp and ico, with commas between them, are expected"):
            Settings(more_formats=value)

    @pytest.mark.parametrize("name", FILES)
    def test_each_has_a_budget(self, name: str) -> None:
        few = Settings(more_formats="tiff,bmp,ico", **{f"max_pixels_{name.lower()}": 64 * 48 - 1}).limits
        with pytest.raises(ImageTooLarge, match=name):
            thumbnail(self.FILES[name], limits=few)

    def test_a_watermark_may_be_one(self, tmp_path: Any) -> None:
        (tmp_path / "mark.bmp").write_bytes(self.FILES["BMP"])
        assert Settings(more_formats="bmp", watermark=str(tmp_path / "mark.bmp")).grammar()
        with pytest.raises(ValidationError, match="THUMBNAIL_MORE_FORMATS"):
            Settings(watermark=str(tmp_path / "mark.bmp"))

    @pytest.mark.parametrize("name", FILES)
    def test_they_are_never_written(self, name: str) -> None:
        with pytest.raises(ValueError, match="format"):
            Spec(format=name.lower())
        assert made(self.FILES[name], width=16).type == "image/jpeg"
        assert made(self.FILES[name], width=16, takes=("AVIF",)).type == "image/avif"


@pytest.fixture(scope="module")
def wider() -> Any:
    """A service that takes all three."""
    app = create_app(Settings(more_formats="tiff,bmp,ico"))
    yield app.test_client()
    app.extensions["sandbox"].close()


class TestService:
    @pytest.mark.parametrize("name", TestSwitch.FILES)
    def test_every_call_takes_them(self, name: str, wider: FlaskClient) -> None:
        data = TestSwitch.FILES[name]
        answer = wider.post("/thumbnail?width=16", data=data)
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
        assert wider.post("/thumbnail/info", data=data).json["type"] in (
            "image/tiff", "image/bmp", "image/vnd.microsoft.icon",
        )  # fmt: skip
        assert wider.post("/thumbnail/set?widths=16&formats=webp", data=data).status_code == 200

    @pytest.mark.parametrize("name", TestSwitch.FILES)
    def test_without_the_setting_none_does(self, name: str, client: FlaskClient) -> None:
        answer = client.post("/thumbnail?width=16", data=TestSwitch.FILES[name])
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_type")
        assert "THUMBNAIL_MORE_FORMATS" in answer.json["detail"]

    def test_they_are_no_format_of_an_answer(self, wider: FlaskClient) -> None:
        answer = wider.post("/thumbnail?format=tiff", data=TestSwitch.FILES["TIFF"])
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "format")


@pytest.mark.parametrize("name", bombs.MORE)
def test_files_that_mean_harm_are_done_or_refused_in_time(name: str, wider: FlaskClient) -> None:
    with Stopwatch() as watch:
        answer = wider.post("/thumbnail?width=100&format=jpeg", data=bombs.MORE[name]())
    assert answer.status_code in (200, 422)
    assert answer.status_code == 200 or answer.json["code"] in (
        "broken_image", "image_too_large", "impossible_size", "too_slow",
    )  # fmt: skip
    assert watch.seconds < LONGEST_DEADLINE + 0.5


def test_what_a_decoder_prints_is_not_in_the_log() -> None:
    """The log is a pipe: children may not write to files anyway."""
    reading, writing = os.pipe()
    before = os.dup(2)
    os.dup2(writing, 2)
    try:
        app = create_app(Settings(more_formats="tiff", children=1))
        answer = app.test_client().post("/thumbnail", data=damage.bad_part(2)(damage.whole("TIFF by Deflate")))
        app.extensions["sandbox"].close()
    finally:
        os.dup2(before, 2)
        os.close(writing)
    with open(reading, errors="replace") as log:
        assert "Decode" not in log.read()
    assert answer.headers["Mergepoint-Degraded"] == "truncated"


class TestTIFF:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("big", [False, True])
    @pytest.mark.parametrize("ahead", [False, True])
    def test_both_byte_orders_and_sizes_of_numbers(self, order: str, big: bool, ahead: bool) -> None:
        for samples in (FLAG, WIDE):
            assert seen(plain(samples, RGB, order=order, big=big, ahead=ahead)) == opaque(*COLOURS)

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
    @pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
    def test_grey_of_any_depth(self, order: str, depth: int, photometric: int) -> None:
        most = (1 << depth) - 1
        given = INDEXES.astype(np.uint16) * most // 3
        rows = packed(given, depth)
        if depth == 16:
            rows = [row.astype(f"{order}u2").tobytes() for row in given]
        fields = {256: shorts(64), 257: shorts(48), 258: shorts(depth), 262: shorts(photometric), 278: shorts(48)}
        shown = seen(tiff(fields, [b"".join(rows)], order=order))
        expected = [int(given[place]) * 255 // most for place in PLACES]
        if photometric == WHITE_IS_ZERO:
            expected = [255 - level for level in expected]
        assert close([pixel[:1] for pixel in shown], [(level,) for level in expected], by=1)
        assert {pixel[3] for pixel in shown} == {255}

    @pytest.mark.parametrize("depth", [1, 2, 4, 8])
    def test_a_palette_of_any_depth(self, depth: int) -> None:
        given = INDEXES & (1 << depth) - 1
        colours = (COLOURS + [(0, 0, 0)] * 256)[: 1 << depth]
        palette = shorts(*(colour[channel] * 257 for channel in range(3) for colour in colours))
        fields = {256: shorts(64), 257: shorts(48), 258: shorts(depth), 262: shorts(PALETTE), 320: palette}
        data = tiff(fields | {278: shorts(48)}, [b"".join(packed(given, depth))])
        assert seen(data) == opaque(*(colours[given[place]] for place in PLACES))
        said = info(data, limits=MORE)
        assert (said["colour_space"], said["bit_depth"], said["palette"]) == ("rgb", depth, True)
        assert pictures.opened(made(data, width=32).bytes).mode == "P"

    def test_tiles_and_planes(self) -> None:
        ragged = pictures.flag(64, 48)[:, :60]
        for samples in (ragged, ragged.astype(np.uint16) * 257):
            assert seen(tiles(samples, RGB)) == opaque(*COLOURS)
        packed_tiles = lambda parts: [zlib.compress(part) for part in parts]  # noqa: E731
        assert seen(tiles(ragged, RGB, more={259: shorts(8)}, pack=packed_tiles)) == opaque(*COLOURS)
        planes = [
            np.ascontiguousarray(FLAG[top : top + 16, :, plane]).tobytes() for plane in range(3) for top in (0, 16, 32)
        ]
        assert seen(plain(FLAG, RGB, {284: shorts(2)}, parts=planes)) == opaque(*COLOURS)
        packed_planes = [zlib.compress(plane) for plane in planes]
        assert seen(plain(FLAG, RGB, {284: shorts(2), 259: shorts(8)}, parts=packed_planes)) == opaque(*COLOURS)

    @pytest.mark.parametrize("extra", [1, 2])
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("unit", [1, 257])
    def test_alpha_that_colours_were_multiplied_by_or_not(self, extra: int, order: str, unit: int) -> None:
        kind = np.uint8 if unit == 1 else np.uint16
        samples = (HALF if extra == 1 else GLASS).astype(kind) * kind(unit)
        shown = seen(plain(samples, RGB, {338: shorts(extra)}, order=order))
        assert close(shown, [(*colour, 128) for colour in COLOURS], by=3)

    def test_a_fourth_sample_that_is_no_alpha_is_none(self) -> None:
        assert seen(plain(GLASS, RGB, {338: shorts(0)})) == opaque(*COLOURS)
        many = np.dstack([GLASS, GLASS[..., 3:]])
        assert seen(plain(many, RGB, {338: shorts(2, 0)}))[0][3] == 128
        assert seen(plain(np.dstack([GREY, GREY]), BLACK_IS_ZERO)) == levels()

    @pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
    def test_grey_may_have_alpha(self, photometric: int) -> None:
        stored = 255 - GREY if photometric == WHITE_IS_ZERO else GREY
        alpha = np.full_like(GREY, 128)
        shown = seen(plain(np.dstack([stored, alpha]), photometric, {338: shorts(2)}))
        assert shown == [(*level[:3], 128) for level in levels()]

    @pytest.mark.parametrize("unit", [1, 257])
    def test_inks(self, unit: int) -> None:
        samples = INKS if unit == 1 else INKS.astype(np.uint16) * 257
        data = plain(samples, CMYK)
        assert seen(data) == opaque(*COLOURS)
        assert info(data, limits=MORE)["colour_space"] == "cmyk"
        assert seen(plain(np.dstack([INKS, INKS[..., :1]]), CMYK, {338: shorts(2)})) == opaque(*COLOURS)

    def test_light_and_colour_apart(self) -> None:
        light = np.asarray(Image.fromarray(FLAG).convert("YCbCr"))
        assert close(seen(plain(light, YCBCR, {530: shorts(1, 1)})), opaque(*COLOURS), by=2)
        with pytest.raises(BrokenImage, match="less resolution"):
            made(plain(light, YCBCR))

    @pytest.mark.parametrize(
        "how", ["tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma", "jpeg"]
    )
    def test_every_compression(self, how: str) -> None:
        data = pictures.saved(Image.fromarray(FLAG), "TIFF", compression=how)
        assert close(seen(data), opaque(*COLOURS), by=3)

    @pytest.mark.parametrize("how", ["group3", "group4", "tiff_ccitt"])
    def test_faxes_stay_small(self, how: str) -> None:
        fax = Image.fromarray(pictures.framed(640, 480)).convert("1", dither=Image.Dither.NONE)
        data = pictures.saved(fax, "TIFF", compression=how)
        small = made(data, width=320)
        assert (small.type, pictures.opened(small.bytes).size) == ("image/png", (320, 240))
        assert len(small.bytes) < 1500
        assert pictures.pixels(small.bytes)[120, 160].max() < 64
        said = info(data, limits=MORE)
        assert (said["colour_space"], said["bit_depth"]) == ("grey", 1)

    def test_bits_may_be_filled_from_the_other_end(self) -> None:
        rows = b"".join(packed(INDEXES % 2, 1))
        turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in rows)
        fields = {256: shorts(64), 257: shorts(48), 262: shorts(BLACK_IS_ZERO), 266: shorts(2), 278: shorts(48)}
        assert [pixel[0] for pixel in seen(tiff(fields, [turned]))] == [0, 255, 0, 255]

    @pytest.mark.parametrize("number", range(1, 9))
    @pytest.mark.parametrize("how", [None, "tiff_lzw"])
    def test_it_is_turned_once(self, number: int, how: str | None) -> None:
        turns = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90",
                 7: "TRANSVERSE", 8: "ROTATE_270"}  # fmt: skip
        turned = Image.fromarray(FLAG)
        if number > 1:
            turned = turned.transpose(getattr(Image.Transpose, turns[number]))
        exif = Image.Exif()
        exif[0x0112] = number
        data = pictures.saved(turned, "TIFF", exif=exif, **({"compression": how} if how else {}))
        upright = made(data)
        assert (upright.width, upright.height, upright.origin_width) == (64, 48, 64)
        assert seen(data) == opaque(*COLOURS)
        assert made(data, auto_rotate=False).width == turned.width
        assert info(data, limits=MORE)["orientation"] == number

    def test_its_profile_is_applied(self) -> None:
        wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        swapped = wide.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
        swapped = swapped.replace(b"sRGB", b"test")
        data = plain(FLAG, RGB, {34675: (UNDEFINED, swapped)})
        assert info(data, limits=MORE)["profile"]
        assert seen(data)[0][1] > 200
        assert seen(data)[0][0] < 50

    def test_notes_are_kept_where_that_is_wanted_and_nowhere_else(self) -> None:
        when = b"2020:02:02 02:02:02\0"
        fields = {0x010F: (ASCII, b"a camera\0"), 0x013B: (ASCII, b"an artist\0")}
        at = len(plain(FLAG, RGB, fields | {0x8769: (LONG, [0])}))
        taken = struct.pack("<HHHIII", 1, 0x9003, ASCII, len(when), at + 18, 0) + when
        data = plain(FLAG, RGB, fields | {0x8769: (LONG, [at])}) + taken
        kept = pictures.opened(made(data, format="JPEG", strip=False).bytes).getexif()
        assert (kept[0x013B], kept[0x010F]) == ("an artist", "a camera")
        assert kept.get_ifd(0x8769)[0x9003] == "2020:02:02 02:02:02"
        assert 0x0111 not in kept
        owners = pictures.opened(made(data, format="JPEG", keep_copyright=True).bytes).getexif()
        assert dict(owners) == {0x013B: "an artist"}
        assert not pictures.opened(made(data, format="JPEG").bytes).getexif()

    def test_the_first_page_is_shown(self) -> None:
        pages = [Image.fromarray(FLAG), Image.new("RGB", (300, 300), "black")]
        data = pictures.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
        assert seen(data, frames=0) == opaque(*COLOURS)
        assert info(data, limits=MORE)["frames"] == 1

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (plain(FLAG, RGB, {339: shorts(2, 2, 2)}), "signed"),
            (plain(GREY.astype(np.float32), BLACK_IS_ZERO, {339: shorts(3)}), "floating point"),
            (plain(FLAG.astype(np.uint32), RGB), "32 bits"),
            (plain(FLAG, LAB), "colours that are not decoded"),
            (plain(FLAG, RGB, {259: shorts(6)}), "number 6"),
            (plain(FLAG, RGB, {259: shorts(50001)}), "number 50001"),
            (plain(FLAG, RGB, {258: shorts(8, 8, 16)}), "samples that are not decoded"),
            (plain(FLAG, RGB, {277: shorts(200)}), "200 samples"),
            (plain(FLAG, RGB, {277: shorts(2)}), "samples"),
            (tiles(FLAG, RGB, more={322: (LONG, [1 << 20]), 323: (LONG, [1 << 20])}), "tiles of 1048576"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_not_decoded_is_refused_and_named(self, data: bytes, reason: str) -> None:
        with pytest.raises(BrokenImage, match=reason):
            made(data)

    @pytest.mark.parametrize("page", ["itself", "another page that is itself"])
    def test_pages_in_a_circle_are_not_followed(self, page: str) -> None:
        data = bytearray(plain(FLAG, RGB))
        (count,) = struct.unpack_from("<H", data, 8)
        struct.pack_into("<I", data, 10 + 12 * count, 8)
        assert seen(bytes(data)) == opaque(*COLOURS)


def quarters(pixel: Callable[[tuple[int, ...]], bytes]) -> list[bytes]:
    """Return the rows of the flag, each pixel as it is stored."""
    colours = [pixel(colour) for colour in COLOURS]
    return [b"".join(colours[index] for index in row) for row in INDEXES]


BGR = b"".join(bytes([*colour[::-1], 0]) for colour in COLOURS)


class TestBMP:
    @pytest.mark.parametrize("size", [12, 16, 40, 52, 56, 64, 108, 124])
    @pytest.mark.parametrize("bits", [1, 2, 4, 8])
    def test_palettes_and_headers_of_all_sizes(self, size: int, bits: int) -> None:
        count = 1 << bits
        entry = (lambda colour: bytes(colour[::-1])) if size == 12 else (lambda colour: bytes([*colour[::-1], 0]))
        colours = (COLOURS + [(0, 0, 0)] * 256)[:count]
        data = bmp(
            64, 48, bits, padded(packed(INDEXES & count - 1, bits)), palette=b"".join(map(entry, colours)), size=size
        )
        assert seen(data) == opaque(*(colours[INDEXES[place] & count - 1] for place in PLACES))
        said = info(data, limits=MORE)
        assert (said["type"], said["bit_depth"], said["palette"]) == ("image/bmp", bits, True)
        assert made(data, width=32).type == "image/png"

    def test_it_may_stand_on_its_feet(self) -> None:
        rows = quarters(lambda colour: bytes(colour[::-1]))
        assert seen(bmp(64, 48, 24, padded(rows))) == opaque(*COLOURS)
        assert seen(bmp(64, -48, 24, padded(rows[::-1]))) == opaque(*COLOURS)

    @pytest.mark.parametrize("width", [61, 62, 63, 64])
    def test_rows_are_filled_up(self, width: int) -> None:
        rows = [row[: width * 3] for row in quarters(lambda colour: bytes(colour[::-1]))]
        assert seen(bmp(width, 48, 24, padded(rows))) == opaque(*COLOURS)

    def test_masks_say_where_colours_are(self) -> None:
        def five(colour: tuple[int, ...]) -> bytes:
            return struct.pack("<H", colour[0] >> 3 << 10 | colour[1] >> 3 << 5 | colour[2] >> 3)

        def six(colour: tuple[int, ...]) -> bytes:
            return struct.pack("<H", colour[0] >> 3 << 11 | colour[1] >> 2 << 5 | colour[2] >> 3)

        def odd(colour: tuple[int, ...]) -> bytes:
            return struct.pack("<I", colour[0] << 2 | colour[1] << 12 | colour[2] << 22)

        assert close(seen(bmp(64, 48, 16, padded(quarters(five)))), opaque(*COLOURS), by=4)
        masks = (0xF800, 0x7E0, 0x1F)
        for size in (40, 52):
            data = bmp(64, 48, 16, padded(quarters(six)), compression=3, masks=masks, size=size)
            assert close(seen(_after_header(data, size, masks)), opaque(*COLOURS), by=4)
        assert info(data, limits=MORE)["bit_depth"] == 6
        data = bmp(64, 48, 32, padded(quarters(odd)), compression=3, masks=(0x3FC, 0xFF000, 0x3FC00000))
        assert seen(data) == opaque(*COLOURS)

    def test_alpha_counts_where_a_mask_names_it_and_not_all_of_it_is_0(self) -> None:
        masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)

        def clear(alpha: int) -> bytes:
            return padded(quarters(lambda colour: bytes([*colour[::-1], alpha])))

        assert seen(bmp(64, 48, 32, clear(128))) == opaque(*COLOURS)
        for size in (56, 108, 124):
            named = {"compression": 3, "masks": masks, "size": size}
            assert seen(_after_header(bmp(64, 48, 32, clear(128), **named), size, masks))[0] == (*RED, 128)
            assert seen(_after_header(bmp(64, 48, 32, clear(0), **named), size, masks)) == opaque(*COLOURS)

    def test_an_index_beyond_the_palette_is_black(self) -> None:
        data = bmp(64, 48, 8, padded(packed(INDEXES, 8)), palette=BGR[:8], colours=2)
        assert seen(data) == opaque(RED, GREEN, (0, 0, 0), (0, 0, 0))

    def test_its_profile_is_told(self) -> None:
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        rows = padded(quarters(lambda colour: bytes(colour[::-1])))
        assert "sRGB" in info(bmp(64, 48, 24, rows, size=124, profile=icc), limits=MORE)["profile"]

    @pytest.mark.parametrize(("compression", "bits"), [(1, 8), (2, 4)])
    def test_runs(self, compression: int, bits: int) -> None:
        data = bmp(64, 48, bits, runs(bits), palette=BGR, colours=4, compression=compression)
        assert seen(data) == opaque(*COLOURS)
        skipped = bmp(64, 48, bits, b"\0\2\x20\x18" + runs(bits, 24)[: -2] + b"\0\1", palette=BGR, colours=4,
                      compression=compression)  # fmt: skip
        shown = made(skipped, format="PNG")
        assert not shown.damage
        assert pictures.pixels(shown.bytes, "RGBA")[-1, 0, 3] == 0

    @pytest.mark.parametrize(("bits", "compression"), [(24, 4), (24, 5), (8, 3), (32, 1), (3, 0), (0, 0), (32, 11)])
    def test_what_is_not_decoded_is_refused_and_named(self, bits: int, compression: int) -> None:
        with pytest.raises(BrokenImage, match="the BMP has pixels that are not decoded"):
            made(bmp(64, 48, bits, bytes(9000), compression=compression))

    def test_two_letters_are_no_bmp(self) -> None:
        with pytest.raises(NotAnImage):
            made(b"BMW is a car, and this is a text about it")


def _after_header(data: bytes, size: int, masks: tuple[int, ...]) -> bytes:
    """Return *data* with its masks in the header, where its size has room for them."""
    if size == 40:
        return data
    packed_masks = struct.pack(f"<{len(masks)}I", *masks)
    head = bytearray(data[: 14 + size])
    head[54 : 54 + len(packed_masks)] = packed_masks
    return bytes(head) + data[14 + size :] if len(data) else data


def runs(bits: int, height: int = 48) -> bytes:
    """Return the lower rows of the flag as runs, and every other row as it is."""
    written = b""
    for number, row in enumerate(INDEXES[::-1][:height]):
        pairs = [(int(row[0]), 32), (int(row[-1]), 32)]
        for index, count in pairs:
            if number % 2:
                written += bytes([count, index * (17 if bits == 4 else 1)])
            else:
                literal = bytes([index]) * count if bits == 8 else bytes([index * 17]) * (count // 2)
                written += bytes([0, count]) + literal
        written += b"\0\0"
    return written + b"\0\1"


class TestICO:
    BGRA = padded(quarters(lambda colour: bytes([*colour[::-1], 128])))
    CLEAR = padded(quarters(lambda colour: bytes([*colour[::-1], 0])))
    MASK = bytes(4) + b"\xff" * 4

    def test_the_largest_is_shown(self) -> None:
        small = pictures.file(pictures.plain(16, 16, (9, 9, 9)))
        large = pictures.file(FLAG)
        for order in ([small, large], [large, small]):
            data = ico(*order, sizes=[(16, 16), (16, 16)])
            assert (made(data).origin_width, seen(data)) == (64, opaque(*COLOURS))
        assert info(data, limits=MORE)["type"] == "image/vnd.microsoft.icon"
        deep = icon(64, 48, 32, self.BGRA)
        flat = icon(64, 48, 24, padded([bytes(192)] * 48))
        assert seen(ico(flat, deep))[0] == (*RED, 128)

    def test_the_size_is_the_pictures_own(self) -> None:
        data = ico(pictures.file(pictures.flag(300, 260)), sizes=[(1, 1)])
        assert (made(data).origin_width, made(data).origin_height) == (300, 260)
        with pytest.raises(ImageTooLarge):
            thumbnail(data, limits=Limits(more_formats=("ICO",), pixels_by_format=(("ICO", 300 * 260 - 1),)))

    def test_alpha_counts_or_the_mask(self) -> None:
        assert seen(ico(icon(64, 48, 32, self.BGRA)))[0] == (*RED, 128)
        rows = padded([self.MASK] * 48)
        for bits, stored in ((24, padded(quarters(lambda colour: bytes(colour[::-1])))), (32, self.CLEAR)):
            shown = seen(ico(icon(64, 48, bits, stored, rows)))
            assert [pixel[3] for pixel in shown] == [255, 0, 255, 0]
            assert shown[0][:3] == RED

    @pytest.mark.parametrize("bits", [1, 4, 8])
    def test_palettes(self, bits: int) -> None:
        count = 1 << bits
        palette = (BGR + bytes(1024))[: 4 * count]
        data = ico(icon(64, 48, bits, padded(packed(INDEXES & count - 1, bits)), padded([bytes(8)] * 48), palette))
        assert seen(data) == opaque(*(COLOURS[INDEXES[place] & count - 1] for place in PLACES))

    def test_a_cursor_is_no_icon(self) -> None:
        with pytest.raises(NotAnImage, match="not those of a JPEG"):
            made(ico(pictures.file(FLAG), kind=2))

    def test_an_animation_within_stands_still(self) -> None:
        data = ico(pictures.moving("PNG", 3))
        assert info(data, limits=MORE)["frames"] == 1
        assert made(data, frames=0).type in ("image/jpeg", "image/png")
