"""Every kind of JPEG, PNG and AVIF is read as it looks: depths, palettes, transparent colours, samplings, inks."""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mergepoint.thumbnail import BrokenImage, ImageTooLarge, Limits, NotAnImage, Spec, info, thumbnail
from tests.thumbnail import pictures
from tests.thumbnail.bombs import PNG_HEAD, chunk
from tests.thumbnail.containers import avif_grid

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
FLAG = pictures.flag(64, 48)
GREY, PALETTE = 0, 3
PLACES = ((12, 16), (12, -16), (-12, 16), (-12, -16))  # in the middle of each quarter


def seen(data: bytes, **wanted: object) -> list[tuple[int, ...]]:
    """Return red, green, blue and alpha of each quarter."""
    made_anew = Spec(format="PNG", quality=100, **wanted)  # type: ignore[arg-type]
    shown = pictures.pixels(thumbnail(data, made_anew).bytes, "RGBA")
    return [tuple(int(level) for level in shown[place]) for place in PLACES]


def png(rows: Sequence[bytes], depth: int, colour: int, *more: bytes, interlaced: bool = False) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, depth, colour, 0, 0, interlaced))
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return PNG_HEAD + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def packed(levels: NDArray[np.integer], depth: int) -> list[bytes]:
    """Return rows of samples of so many bits."""
    if depth >= 8:
        return [row.astype(f">u{depth // 8}").tobytes() for row in levels]
    bits = np.unpackbits(levels.astype(np.uint8)[..., None], axis=2)[..., 8 - depth :]
    return [np.packbits(row.ravel()).tobytes() for row in bits]


def quarters(*levels: int) -> NDArray[np.uint16]:
    made = np.empty((48, 64), np.uint16)
    made[:24, :32], made[:24, 32:], made[24:, :32], made[24:, 32:] = levels
    return made


class TestPNG:
    @pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
    def test_a_grey_that_is_transparent_is_so_at_every_depth(self, depth: int) -> None:
        most = (1 << depth) - 1
        levels = quarters(0, most, most // 3, most)
        key = chunk(b"tRNS", struct.pack(">H", most))
        shown = seen(png(packed(levels, depth), depth, GREY, key))
        third = 255 * (most // 3) // most
        assert [shown[0], shown[2]] == [(0, 0, 0, 255), (third, third, third, 255)]
        assert [shown[1][3], shown[3][3]] == [0, 0]

    @pytest.mark.parametrize(("depth", "unit"), [(8, 1), (16, 257)])
    def test_a_colour_that_is_transparent_is_so_at_every_depth(self, depth: int, unit: int) -> None:
        rows = packed((FLAG.astype(np.uint16) * unit).reshape(48, -1), depth)
        shown = seen(png(rows, depth, 2, chunk(b"tRNS", struct.pack(">HHH", 0, 128 * unit, 0))))
        assert [pixel[3] for pixel in shown] == [255, 0, 255, 255]
        assert [shown[0][:3], shown[2][:3], shown[3][:3]] == [RED, BLUE, WHITE]

    @pytest.mark.parametrize("depth", [2, 4, 8])
    def test_a_palette_may_be_transparent_in_part(self, depth: int) -> None:
        palette = chunk(b"PLTE", bytes([*RED, *GREEN, *BLUE, *WHITE])) + chunk(b"tRNS", bytes([255, 128, 0]))
        shown = seen(png(packed(quarters(0, 1, 2, 3), depth), depth, PALETTE, palette))
        assert [shown[0], shown[1], shown[3]] == [(*RED, 255), (*GREEN, 128), (*WHITE, 255)]
        assert shown[2][3] == 0

    @pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (0, 1), (4, 2)])
    def test_sixteen_bits_of_anything_become_eight(self, colour: int, channels: int) -> None:
        deep = FLAG.astype(np.uint16) * 257
        levels = deep if channels > 2 else deep[..., 1:2]
        if channels in (2, 4):
            levels = np.dstack([levels, np.full((48, 64), 128 * 257, np.uint16)])
        shown = seen(png(packed(levels.reshape(48, -1), 16), 16, colour))
        assert {pixel[3] for pixel in shown} == {128 if channels in (2, 4) else 255}
        expected = [RED, GREEN, BLUE, WHITE] if channels > 2 else [(level,) * 3 for level in (0, 128, 0, 255)]
        assert [pixel[:3] for pixel in shown] == expected

    def test_an_interlaced_one_is_the_same(self) -> None:
        passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
        rows = [row.tobytes() for left, top, across, down in passes for row in FLAG[top::down, left::across]]
        assert [pixel[:3] for pixel in seen(png(rows, 8, 2, interlaced=True))] == [RED, GREEN, BLUE, WHITE]

    def test_an_orientation_after_the_pixels_counts(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3
        plain = pictures.file(FLAG)
        data = plain[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + plain[-12:]
        assert [pixel[:3] for pixel in seen(data)] == [WHITE, BLUE, GREEN, RED]


def near(found: Sequence[tuple[int, ...]], wanted: Sequence[tuple[int, ...]], by: int = 4) -> bool:
    return bool(abs(np.array([pixel[:3] for pixel in found]) - np.array(wanted)).max() <= by)


class TestJPEG:
    @pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0", "4:1:1"])
    @pytest.mark.parametrize("more", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
    def test_every_sampling_and_order_is_read(self, sampling: str, more: dict[str, object]) -> None:
        data = pictures.file(FLAG, "JPEG", subsampling=sampling, **more)
        assert near(seen(data), [RED, GREEN, BLUE, WHITE])

    def test_colours_that_are_halved_downwards_only_are_read(self) -> None:
        """4:4:0, as a picture of 4:2:2 that was turned; of one colour, where that makes no other difference."""
        data = pictures.file(pictures.plain(64, 64, (200, 100, 50)), "JPEG", subsampling="4:2:2")
        at = data.index(b"\xff\xc0") + 11
        assert data[at] == 0x21
        assert near(seen(data[:at] + b"\x12" + data[at + 1 :]), [(200, 100, 50)] * 4)

    def test_red_green_and_blue_may_be_stored_as_such(self) -> None:
        data = pictures.saved(Image.fromarray(FLAG), "JPEG", keep_rgb=True, quality=95)
        assert near(seen(data), [RED, GREEN, BLUE, WHITE])

    @pytest.mark.parametrize("size", [(64, 48), (1280, 960)])
    def test_of_several_in_one_file_the_first_is_shown(self, size: tuple[int, int]) -> None:
        """MPO: what cameras with two lenses write, and telephones beside a picture's map of brightness."""
        shown = [Image.fromarray(pictures.flag(*size)), Image.new("RGB", size, "black")]
        data = pictures.saved(shown[0], "MPO", save_all=True, append_images=shown[1:], quality=95)
        small = thumbnail(data, Spec(width=64, format="PNG"))
        assert (small.origin_width, small.height) == (size[0], 48)
        assert near(seen(small.bytes), [RED, GREEN, BLUE, WHITE])
        assert info(data)["type"] == "image/jpeg"

    def test_grey_stays_grey(self) -> None:
        small = thumbnail(pictures.saved(Image.fromarray(FLAG).convert("L"), "JPEG"), Spec(width=16))
        assert pictures.opened(small.bytes).mode == "L"

    def test_inks_may_be_stored_as_light_and_colour(self) -> None:
        """YCCK (Adobe's transform 2): the three inks as if they were red, green and blue, black beside them."""
        inks = np.array(Image.fromarray(FLAG).convert("CMYK"))
        light = np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr"))
        stored = Image.fromarray(np.dstack([255 - light, inks[..., 3]]), "CMYK")
        data = bytearray(pictures.saved(stored, "JPEG", quality=95, subsampling=0))
        data[data.index(b"Adobe") + 11] = 2
        assert near(seen(bytes(data)), [RED, GREEN, BLUE, WHITE], by=8)

    @pytest.mark.parametrize(("place", "value"), [(1, 0xCB), (4, 12), (4, 16), (1, 0xC3)])
    def test_what_the_decoder_has_not_is_refused_as_such(self, place: int, value: int) -> None:
        """Lossless in two ways, twelve and sixteen bits."""
        data = bytearray(pictures.file(FLAG, "JPEG"))
        data[data.index(b"\xff\xc0") + place] = value
        with pytest.raises(BrokenImage):
            thumbnail(bytes(data), Spec(width=16))


# The flag in ten and twelve bits, the second transparent by half, written by libheif; Pillow writes eight.
TEN_BITS = (
    "AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAARdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAABOwABAAAAAAAAADgAAgAAAAABcwABAAAAAAAAAL4AAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABhdjAxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgQBMAAAAABRpc3BlAAAAAAAAAEAAAAAw"
    "AAAAEHBpeGkAAAAAAwoKCgAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAP5tZGF0EgAKCRgVf72q"
    "AhoNCDIpREBqkAAeQAAA196tGAVfEpqUKUSlRuM4V/PwydLpeFn3Z70baZ5i+eQAAAAGRXhpZgAASUkqAAgAAAAGABIBAwABAAAAAQAAABoB"
    "BQABAAAAVgAAABsBBQABAAAAXgAAACgBAwABAAAAAgAAABMCAwABAAAAAQAAAGmHBAABAAAAZgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAA"
    "kAcABAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAAEAAAAADoAQAAQAAADAAAAAAAAAA"
)
TWELVE_BITS = (
    "AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAAaVtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAEZpbG9j"
    "AAAAAERAAAMAAQAAAAAByQABAAAAAAAAADsAAgAAAAACBAABAAAAAAAAABIAAwAAAAACFgABAAAAAAAAAL4AAABNaWluZgAAAAAAAwAAABVp"
    "bmZlAgAAAAABAABhdjAxAAAAABVpbmZlAgAAAAACAABhdjAxAAAAABVpbmZlAgAAAQADAABFeGlmAAAAAA5waXRtAAAAAAABAAAAr2lwcnAA"
    "AACKaXBjbwAAAAxhdjFDgUBsAAAAABRpc3BlAAAAAAAAAEAAAAAwAAAAEHBpeGkAAAAAAwwMDAAAAAxhdjFDgUB8AAAAAA5waXhpAAAAAAEM"
    "AAAAOGF1eEMAAAAAdXJuOm1wZWc6bXBlZ0I6Y2ljcDpzeXN0ZW1zOmF1eGlsaWFyeTphbHBoYQAAAAAdaXBtYQAAAAAAAAACAAEDgQIDAAIE"
    "hAIFhgAAAChpcmVmAAAAAAAAAA5hdXhsAAIAAQABAAAADmNkc2MAAwABAAEAAAETbWRhdBIACglYFX+9rQENBuEyLERAapAAHkAAANfen1eF"
    "V+GlBvCABENJDqOFfz8Mm+m9L0qJ3Djd3umeYvnkEgAKBlgVf72OoDIGEMAAAQAQAAAABkV4aWYAAElJKgAIAAAABgASAQMAAQAAAAEAAAAa"
    "AQUAAQAAAFYAAAAbAQUAAQAAAF4AAAAoAQMAAQAAAAIAAAATAgMAAQAAAAEAAABphwQAAQAAAGYAAAAAAAAAOGMAAOgDAAA4YwAA6AMAAAYA"
    "AJAHAAQAAAAwMjEwAZEHAAQAAAABAgMAAKAHAAQAAAAwMTAwAaADAAEAAAD//wAAAqAEAAEAAABAAAAAA6AEAAEAAAAwAAAAAAAAAA=="
)


class TestAVIF:
    @pytest.mark.parametrize(("file", "alpha"), [(TEN_BITS, 255), (TWELVE_BITS, 128)])
    def test_more_than_eight_bits_become_eight(self, file: str, alpha: int) -> None:
        shown = seen(base64.b64decode(file))
        assert near(shown, [RED, GREEN, BLUE, WHITE])
        assert {pixel[3] for pixel in shown} == {alpha}

    def test_a_grid_is_one_picture(self) -> None:
        tiles = [[pictures.plain(64, 64, RED), pictures.plain(64, 64, GREEN)],
                 [pictures.plain(64, 64, BLUE), pictures.plain(64, 64, WHITE)]]  # fmt: skip
        small = thumbnail(avif_grid(tiles), Spec(width=64, format="PNG"))
        assert (small.origin_width, small.origin_height) == (128, 128)
        shown = pictures.pixels(small.bytes, "RGBA")
        assert near([shown[place] for place in PLACES], [RED, GREEN, BLUE, WHITE])

    def test_of_a_sequence_the_first_picture_is_shown(self) -> None:
        frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
        data = pictures.saved(frames[0], "AVIF", save_all=True, append_images=frames[1:], quality=95)
        assert near(seen(data), [RED] * 4)
        assert near(seen(data, frames=0), [RED] * 4)

    def test_alpha_is_kept(self) -> None:
        glass = np.dstack([FLAG, np.full((48, 64), 128, np.uint8)])
        assert near(seen(pictures.file(glass, "AVIF")), [RED, GREEN, BLUE, WHITE])
        assert {round(pixel[3] / 16) for pixel in seen(pictures.file(glass, "AVIF"))} == {8}


# The flag in HEIC, written by libheif and x265.
HEIC = (
    "AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAX5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAA"
    "AERAAAEAAQAAAAABogABAAAAAAAAASkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/mlwcnAAAADe"
    "aXBjbwAAAHdodmNDAQQIAAAAnjgAAAAAHvAA/P/4+AAADwNgAAEAF0ABDAH//wQIAAADAJ44AAADAAAeugJAYQABACpCAQEECAAAAwCeOAAAAwAA"
    "HpAEECCy3VyU1zcBDQYEAAADAGQAAAMABCBiAAEACEQBwXMYMAiQAAAAE2NvbHJuY2x4AAEADQAGgAAAABRpc3BlAAAAAAAAAEAAAABAAAAAKGNs"
    "YXAAAABAAAAAAQAAADAAAAABAAAAAAAAAAL////wAAAAAgAAABBwaXhpAAAAAAMICAgAAAAYaXBtYQAAAAAAAAABAAEFgQIDBYQAAAExbWRhdAAA"
    "ASUoAa8GOFr3tt/M4H//+Vpvof3rionRW/GlY2qvuQI338Dnf/+smI94D7+JToihnCtQr0eQT/aF726/ENyOrK+6UwQOizd3sVxyEN/RJfTpSIxx"
    "P3lgtGMLf70EqAd02wTXVoB1RXA4c/TVLlESj/+kzY31Qu1gf/scymsT78Cr/7YUj9xFUL+5nJsQy/5MgYD+Kq0XaPQ/0J0P3xEAyFdWLa4BMdVV"
    "rPid8+RdgTQPe2J64pQaZaWaZrRiTLiX3RHRy4zcFyy+bTcpbWPhl1D8w/rzi7iWfYT/lviAaDSnrqtdZP+jsjR9kCJa/uzPKNNpeMRuefUZItbX"
    "bs49lYBZZ2dQYBa6SA8qATfomK67V7wywv+l959sH0a6D5ww1qKn8MMV4g=="
)


class TestHEIC:
    FILE = base64.b64decode(HEIC)

    def test_it_is_read_as_it_looks(self) -> None:
        assert near(seen(self.FILE), [RED, GREEN, BLUE, WHITE], by=12)

    def test_it_becomes_what_everybody_takes(self) -> None:
        assert thumbnail(self.FILE, Spec(width=16)).type == "image/jpeg"
        assert thumbnail(self.FILE, Spec(width=16, takes=("AVIF",))).type == "image/avif"

    def test_it_is_told_as_what_it_is(self) -> None:
        said = info(self.FILE)
        assert (said["type"], said["width"], said["height"], said["bit_depth"]) == ("image/heic", 64, 48, 8)

    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
    def test_a_part_of_it_is_broken_or_told(self, part: float) -> None:
        try:
            shown = thumbnail(self.FILE[: int(len(self.FILE) * part)], Spec(width=16))
        except BrokenImage:
            return
        assert shown.damage

    def test_it_has_a_limit_of_its_own(self) -> None:
        with pytest.raises(ImageTooLarge):
            thumbnail(self.FILE, Spec(), limits=Limits(pixels_by_format=(("HEIF", 100),)))

    def test_without_its_decoder_it_is_no_picture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mergepoint.thumbnail.files.heic.available", lambda: False)
        with pytest.raises(NotAnImage, match="extra"):
            thumbnail(self.FILE, Spec())
