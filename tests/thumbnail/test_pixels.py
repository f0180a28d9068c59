"""Pixels come out right: turned, in linear light, in sRGB, with their transparency."""

import functools
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mergepoint.thumbnail import Position, Spec, Trim, Watermark, thumbnail
from mergepoint.thumbnail.pixels import contrast
from mergepoint.thumbnail.pixels.scaling import resize
from tests.long import some
from tests.thumbnail import pictures
from tests.thumbnail.pictures import Pixels
from tests.thumbnail.profiles import SPACES

P3 = SPACES["Display P3"].profile()

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def made(data: bytes, **wanted: Any) -> Pixels:
    return pictures.pixels(thumbnail(data, Spec(**wanted)).bytes)


def corners(shown: Pixels) -> list[tuple[int, ...]]:
    """Left above, right above, left below, right below: the named colour that each is next to."""
    height, width, _ = shown.shape
    down, across = height // 4, width // 4
    seen = [shown[place].astype(int) for place in ((down, across), (down, -across), (-down, across), (-down, -across))]
    return [min((RED, GREEN, BLUE, WHITE), key=lambda name: abs(np.array(name) - pixel).sum()) for pixel in seen]


class TestOrientation:
    @pytest.mark.parametrize("number", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_every_orientation_is_applied_and_removed(self, number: int, format: str) -> None:
        upright = Image.fromarray(pictures.flag(120, 80))
        exif = Image.Exif()
        exif[0x0112] = number
        undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Transpose that a camera's turn needs to be undone by
        stored = upright.transpose(Image.Transpose(undone[number])) if number > 1 else upright
        small = thumbnail(pictures.saved(stored, format, exif=exif, quality=95), Spec(width=60))
        assert (small.width, small.height, small.origin_width, small.origin_height) == (60, 40, 120, 80)
        assert corners(pictures.pixels(small.bytes)) == [RED, GREEN, BLUE, WHITE]
        assert 0x0112 not in pictures.opened(small.bytes).getexif()

    def test_a_cut_is_made_where_it_is_seen(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # stored lying, to be turned to the right
        lying = Image.fromarray(pictures.flag(80, 120)).transpose(Image.Transpose.ROTATE_90)
        data = pictures.saved(lying, "PNG", exif=exif)
        north = made(data, width=40, height=20, fit="cover", position=Position("side", 0.5, 0.0))
        assert corners(north) == [RED, GREEN, RED, GREEN]

    def test_it_stays_as_it_is_on_request_and_turns_further(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 3
        data = pictures.file(pictures.flag(60, 40), exif=exif)
        assert corners(made(data, auto_rotate=False)) == [RED, GREEN, BLUE, WHITE]
        assert corners(made(data)) == [WHITE, BLUE, GREEN, RED]
        assert corners(made(data, auto_rotate=False, rotate=90)) == [BLUE, RED, WHITE, GREEN]
        assert corners(made(data, auto_rotate=False, flip=(True, False))) == [GREEN, RED, WHITE, BLUE]
        assert corners(made(data, auto_rotate=False, rotate=90, flip=(False, True))) == [WHITE, GREEN, BLUE, RED]


class TestLinearLight:
    @pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "JPEG"])
    @pytest.mark.parametrize("width", [200, 133, 50])
    def test_stripes_of_red_and_cyan_are_as_bright_as_they_look(self, format: str, width: int) -> None:
        exact: dict[str, Any] = {"WEBP": {"lossless": True}, "JPEG": {"subsampling": 0, "quality": 95}}
        data = pictures.saved(Image.fromarray(pictures.stripes(800, 200)), format, **exact.get(format, {}))
        middle = made(data, width=width, format="PNG")[2:-2, 4:-4]
        assert abs(middle.astype(int) - 188).max() <= (6 if format == "JPEG" else 3)

    def test_what_is_not_scaled_is_not_changed(self) -> None:
        ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3).repeat(16, 0)
        assert (made(pictures.file(ramp)) == ramp).all()

    @pytest.mark.parametrize("level", [0, 1, 2, 5, 20, 128, 254, 255])
    def test_a_plain_colour_stays_what_it_is(self, level: int) -> None:
        plain = pictures.plain(300, 200, (level, 255 - level, 7))
        assert abs(made(pictures.file(plain), width=77).astype(int) - (level, 255 - level, 7)).max() <= 1

    @pytest.mark.parametrize("kind", some([(300, "PNG"), (512, "JPEG"), (1000, "JPEG")], always=[(512, "JPEG")]))
    def test_photographs_score_90_against_a_filter_in_true_linear_light(self, kind: tuple[int, str]) -> None:
        width, format = kind
        ssimulacra2 = pytest.importorskip("ssimulacra2")
        data = pictures.saved(Image.fromarray(photograph()), format, **({"quality": 92} if format == "JPEG" else {}))
        ideal = reference(pictures.pixels(data), width, width // 2)
        ours = made(data, width=width, format="PNG")
        assert score(ssimulacra2, ideal, ours) >= 90
        encoded = [thumbnail(pictures.file(shown), Spec(format="JPEG", quality=80)).bytes for shown in (ideal, ours)]
        scores = [score(ssimulacra2, ideal, pictures.pixels(data)) for data in encoded]
        assert scores[1] >= scores[0] - 2

    @pytest.mark.parametrize("size", [(1600, 800), (3000, 1500)])
    def test_fine_contrasts_of_a_jpeg_are_averaged_as_light(self, size: tuple[int, int]) -> None:
        """Colours at half the resolution, so that it could be loaded at half its size."""
        noise = np.random.default_rng(1).integers(0, 2, (size[1], size[0], 1), dtype=np.uint8) * 255
        data = pictures.saved(Image.fromarray(noise.repeat(3, 2)), "JPEG", quality=95, subsampling="4:2:0")
        assert abs(made(data, width=200, format="PNG").mean() - 188) <= 6

    def test_contrast_is_looked_for_where_it_is(self) -> None:
        assert not contrast.loses(photograph())
        assert contrast.loses(np.tile(np.array([0, 255], np.uint8), (64, 32))[..., None])

    def test_a_box_of_fractions_is_scaled_as_such(self) -> None:
        ramp = np.linspace(0, 255, 100).astype(np.uint8)[None, :, None].repeat(10, 0)
        shown = resize(ramp, 10, 10, (10.5, 0, 20.5, 10))[5, :, 0]
        assert abs(shown.astype(int) - np.linspace(28, 51, 10)).max() <= 3


@functools.cache
def photograph() -> Pixels:
    return pictures.photograph(4000, 2000)


def reference(pixels: Pixels, width: int, height: int) -> Pixels:
    """The same by Pillow's own Lanczos in floats, and sRGB's true curve."""
    levels = pixels.astype(np.float32) / 255
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    bands = [Image.fromarray(light[..., band]).resize((width, height), Image.Resampling.LANCZOS) for band in range(3)]
    small = np.dstack([np.asarray(band) for band in bands]).clip(0, 1)
    seen = np.where(small <= 0.0031308, small * 12.92, 1.055 * small ** (1 / 2.4) - 0.055)
    return (seen * 255 + 0.5).astype(np.uint8)


def score(ssimulacra2: Any, ideal: Pixels, shown: Pixels) -> float:
    files = [io.BytesIO(pictures.file(pixels)) for pixels in (ideal, shown)]
    return float(ssimulacra2.compute_ssimulacra2_with_alpha(*files))


class TestColours:
    def test_a_profile_is_kept_on_request(self) -> None:
        data = pictures.saved(Image.fromarray(pictures.plain(40, 40, (60, 200, 90))), "PNG", icc_profile=P3)
        kept = thumbnail(data, Spec(width=20, keep_profile=True)).bytes
        assert pictures.opened(kept).info["icc_profile"] == P3
        assert abs(pictures.pixels(kept)[5, 5].astype(int) - (60, 200, 90)).max() <= 1

    @pytest.mark.parametrize("profile", [b"", b"nonsense", b"\0" * 4000])
    def test_a_broken_profile_means_srgb(self, profile: bytes) -> None:
        data = pictures.saved(Image.fromarray(pictures.flag(40, 40)), "JPEG", icc_profile=profile, quality=95)
        assert corners(made(data, width=20)) == [RED, GREEN, BLUE, WHITE]

    def test_cmyk_is_what_it_looks_like(self) -> None:
        inks = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
        inks.paste((255, 255, 0, 0), (20, 0, 40, 40))
        shown = made(pictures.saved(inks, "JPEG", quality=95), width=20, format="PNG").astype(int)
        assert abs(shown[10, 4] - RED).max() < 12
        assert abs(shown[10, 15] - BLUE).max() < 12

    def test_sixteen_bits_become_eight(self) -> None:
        deep = Image.fromarray((np.linspace(0, 65535, 256).astype(np.uint16))[None].repeat(8, 0))
        shown = made(pictures.saved(deep, "PNG"))[4, :, 0].astype(int)
        assert abs(shown - np.arange(256)).max() <= 1

    @pytest.mark.parametrize("mode", ["1", "L", "P"])
    def test_few_colours_are_scaled_as_all(self, mode: str) -> None:
        grey = np.tile(np.array([0, 255], np.uint8), (100, 200))
        source = Image.fromarray(pictures.stripes(400, 100) if mode == "P" else grey)
        shown = made(pictures.saved(source.convert(mode), "PNG"), width=100)
        assert abs(shown[5:-5, 5:-5].astype(int) - 188).max() <= 3

    def test_a_transparent_palette_stays_transparent(self) -> None:
        palette = Image.fromarray(pictures.flag(40, 40)).quantize(8)
        data = pictures.saved(palette, "GIF", transparency=palette.getpixel((30, 30)))
        shown = pictures.pixels(thumbnail(data, Spec(width=20, format="PNG")).bytes, "RGBA")
        assert (shown[15, 15, 3], shown[4, 4, 3]) == (0, 255)


class TestTransparency:
    def test_colours_do_not_bleed_out_of_what_is_transparent(self) -> None:
        glass = pictures.plain(80, 80, (0, 255, 0, 0))
        glass[:, 40:] = (255, 0, 0, 255)
        shown = pictures.pixels(thumbnail(pictures.file(glass), Spec(width=21)).bytes, "RGBA")
        assert (shown[shown[..., 3] > 8][:, 1] <= 3).all()

    @pytest.mark.parametrize(
        "effect", [{"blur": 3.0}, {"sharpen": 3.0}, {"pixelate": 16}, {"blur": 1.0, "sharpen": 1.0}]
    )
    @pytest.mark.parametrize("grey", [False, True])
    def test_nor_do_effects_let_them(self, effect: dict[str, float], grey: bool) -> None:
        glass = pictures.plain(80, 80, (0, 0, 0, 0) if grey else (0, 255, 0, 0))
        glass[:, 40:] = (200, 200, 200, 255) if grey else (255, 0, 0, 255)
        data = pictures.saved(Image.fromarray(glass).convert("LA" if grey else "RGBA"), "PNG")
        shown = pictures.pixels(thumbnail(data, Spec(**effect)).bytes, "RGBA")  # type: ignore[arg-type]
        seen = shown[shown[..., 3] > 24].astype(int)
        assert abs(seen[:, 1] - (200 if grey else 0)).max() <= 12

    @pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "GIF"])
    def test_it_is_kept_by_formats_that_have_it(self, format: str) -> None:
        glass = pictures.plain(60, 40, (200, 0, 0, 255))
        glass[:, 30:, 3] = 0
        shown = pictures.pixels(thumbnail(pictures.file(glass), Spec(width=30, format=format)).bytes, "RGBA")
        assert (shown[5, 2, 3] > 245, shown[5, -2, 3] < 10) == (True, True)

    @pytest.mark.parametrize(("background", "seen"), [(None, WHITE), ((0, 128, 0), GREEN)])
    def test_it_is_laid_on_a_background_by_those_that_have_not(self, background: Any, seen: tuple[int, ...]) -> None:
        glass = pictures.plain(60, 40, (200, 0, 0, 0))
        shown = made(pictures.file(glass), width=30, format="JPEG", background=background)
        assert abs(shown.astype(int) - seen).max() <= 3

    def test_half_transparent_grey_keeps_its_level(self) -> None:
        grey = np.dstack([np.full((40, 40), 90, np.uint8), np.full((40, 40), 128, np.uint8)])
        shown = pictures.pixels(thumbnail(pictures.saved(Image.fromarray(grey), "PNG"), Spec(width=10)).bytes, "LA")
        assert abs(shown.astype(int) - (90, 128)).max() <= 2


class TestEffects:
    def test_trim_cuts_the_frame_off(self) -> None:
        framed = pictures.file(pictures.framed(80, 80))
        assert made(framed, trim=Trim(10)).shape == (40, 40, 3)
        assert made(framed, trim=Trim(10, (0, 0, 255))).shape == (80, 80, 3)
        off = np.roll(pictures.framed(80, 80), 10, axis=1)
        assert made(pictures.file(off), trim=Trim(10, None, True)).shape == (40, 60, 3)

    @pytest.mark.parametrize(("denoise", "height"), [(False, 95), (True, 40)])
    def test_what_is_noise_is_trimmed_too_where_that_is_wanted(self, denoise: bool, height: int) -> None:
        noisy = pictures.framed(300, 80).repeat(2, axis=0)[:120]
        noisy[95, 7] = (0, 0, 0)
        noisy[:40] = noisy[80:95] = noisy[96:] = 250
        shown = made(pictures.file(noisy), trim=Trim(10, denoise=denoise))
        assert shown.shape[0] == {False: 96 - 40, True: 80 - 40}[denoise], height

    def test_a_picture_of_nothing_but_frame_stays(self) -> None:
        assert made(pictures.file(pictures.plain(30, 20, WHITE)), trim=Trim(10)).shape == (20, 30, 3)

    def test_blur_and_sharpening_do_what_they_say(self) -> None:
        data = pictures.file(pictures.flag(60, 60))
        wanted: list[dict[str, float]] = [{}, {"blur": 3.0}, {"blur": 1.0, "sharpen": 2.0}]
        plain, soft, hard = (edge(made(data, **each)) for each in wanted)
        assert soft < hard <= plain

    def test_a_mosaic_has_squares(self) -> None:
        shown = made(pictures.file(pictures.photograph(64, 64)), pixelate=8)
        assert (shown[:8, :8] == shown[0, 0]).all()
        assert (shown[:8, 8:16] != shown[0, 0]).any()

    def test_a_mosaic_of_one_square_is_the_mean(self) -> None:
        shown = made(pictures.file(pictures.photograph(30, 20)), pixelate=1_000_000)
        assert (shown == shown[0, 0]).all()

    def test_a_watermark_of_one_pixel_is_repeated_at_once(self) -> None:
        mark = Watermark(pictures.file(pictures.plain(2, 2, BLUE)), 1.0, Position("side", 0.5, 0.5, 1, 1), repeat=True)
        shown = made(pictures.file(pictures.plain(1500, 1200, WHITE)), watermark=mark)
        assert abs((shown == BLUE).all(axis=2).mean() - 4 / 9) < 0.01

    def test_tiles_far_apart_are_one_in_the_middle(self) -> None:
        place = Position("side", 0.5, 0.5, 900_000, 900_000)
        mark = Watermark(pictures.file(pictures.plain(10, 10, BLUE)), 1.0, place, repeat=True)
        shown = made(pictures.file(pictures.plain(60, 40, WHITE)), watermark=mark)
        assert (shown[15:25, 25:35] == BLUE).all()
        assert (shown == BLUE).all(axis=2).sum() == 100

    def test_padding_and_canvas_have_the_background(self) -> None:
        data = pictures.file(pictures.plain(40, 20, RED))
        padded = made(data, padding=(1, 2, 3, 4), background=BLUE)
        assert padded.shape == (24, 46, 3)
        assert (padded[0] == BLUE).all()
        assert (padded[1, 4:44] == RED).all()
        boxed = made(data, width=20, height=20, fit="pad", background=BLUE)
        assert [tuple(boxed[row, 10]) for row in (0, 10, 19)] == [BLUE, RED, BLUE]
        clear = pictures.pixels(thumbnail(data, Spec(width=20, height=20, fit="pad")).bytes, "RGBA")
        assert clear[0, 10, 3] == 0

    def test_a_watermark_is_put_where_it_is_wanted(self) -> None:
        mark = pictures.file(pictures.plain(10, 10, BLUE))
        data = pictures.file(pictures.plain(60, 40, WHITE))
        corner = Position("side", 1.0, 1.0, 2, 3)
        shown = made(data, watermark=Watermark(mark, 0.5, corner))
        assert abs(shown[30, 52].astype(int) - (127, 127, 255)).max() <= 2
        assert (shown[38:] == 255).all()
        tiled = made(data, watermark=Watermark(mark, 1.0, Position("side", 0.5, 0.5, 5, 5), repeat=True))
        assert (tiled[15, [0, 12, 25, 34, 42]] == BLUE).all()  # one is in the middle
        assert (tiled[15, [7, 22, 37]] == 255).all()
        large = made(data, watermark=Watermark(pictures.file(pictures.flag(100, 80)), 1.0, Position()))
        assert corners(large) == [RED, GREEN, BLUE, WHITE]  # its middle is seen
        scaled = made(data, watermark=Watermark(mark, 1.0, Position(), scale=0.5))
        assert (scaled == BLUE).all(axis=2).sum() == 400


def edge(shown: Pixels) -> int:
    """How steep the steepest step in a row is."""
    return int(abs(np.diff(shown[10].astype(int), axis=0)).max())


class TestInterest:
    def test_attention_and_entropy_find_what_there_is(self) -> None:
        empty = pictures.plain(300, 100, (40, 40, 44))
        empty[30:70, 220:270] = pictures.photograph(50, 40)
        for kind in ("attention", "entropy"):
            shown = made(pictures.file(empty), width=100, height=100, fit="cover", position=Position(kind))
            assert shown.std() > 12, kind
            assert made(pictures.file(empty), width=100, height=100, fit="cover").std() < 3

    @pytest.mark.parametrize("kind", ["attention", "entropy"])
    @pytest.mark.parametrize("left", [90, 150, 210])
    def test_what_is_found_is_not_left_at_the_edge(self, kind: str, left: int) -> None:
        """Though there is something everywhere."""
        scene = pictures.photograph(400, 100) // 4
        scene[30:70, left : left + 40] = (230, 170, 140)
        shown = made(pictures.file(scene), width=100, height=100, fit="cover", position=Position(kind))
        columns = np.flatnonzero((shown[50].astype(int) > 150).all(axis=1) | (shown[50, :, 0] > 200))
        assert 30 <= columns.mean() <= 70

    def test_a_point_is_in_the_middle_of_the_cut(self) -> None:
        dot = pictures.plain(300, 100, WHITE)
        dot[45:55, 195:205] = RED
        shown = made(pictures.file(dot), width=100, height=100, fit="cover", position=Position("point", 200 / 300, 0.5))
        assert tuple(shown[50, 50]) == RED
