"""Moving pictures come out as they are shown: what covers what, what is transparent, how long and how often."""

import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from mergepoint.thumbnail import Spec, thumbnail
from tests.thumbnail import pictures
from tests.thumbnail.animations import OTHER, PALETTE, Frame, gif
from tests.thumbnail.bombs import PNG_HEAD, chunk
from tests.thumbnail.pictures import Pixels

RED, GREEN, BLUE, BLACK, CLEAR = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255), (0, 0, 0, 255), (0, 0, 0, 0)
NAMED = (RED, GREEN, BLUE, BLACK, CLEAR, (255, 255, 255, 255), (255, 255, 0, 255))
CORNER = {"left": 16, "top": 16, "width": 16, "height": 16}
SMALL = {"width": 16, "height": 16}
Colour = tuple[int, ...]


def named(pixel: Any) -> Colour:
    if pixel[3] < 128:
        return CLEAR
    return min(NAMED, key=lambda colour: sum(abs(int(a) - b) for a, b in zip(pixel, colour, strict=True)))


def shown(data: bytes, format: str, **wanted: Any) -> list[tuple[Colour, Colour]]:
    """Return the colour of the left upper and the right lower quarter of each frame."""
    image: Any = pictures.opened(thumbnail(data, Spec(format=format, frames=0, **wanted)).bytes)
    found = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        pixels = image.convert("RGBA")
        across, down = pixels.width // 4, pixels.height // 4
        found.append((named(pixels.getpixel((across, down))), named(pixels.getpixel((across * 3, down * 3)))))
    return found


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("wanted", [{}, {"width": 16}])
class TestFrames:
    def test_a_frame_lies_on_those_before(self, format: str, wanted: dict[str, int]) -> None:
        data = gif(Frame(0, disposal=1), Frame(1, **CORNER, disposal=1), Frame(2, **SMALL))
        assert shown(data, format, **wanted) == [(RED, RED), (RED, GREEN), (BLUE, GREEN)]

    def test_a_frame_that_is_disposed_of_leaves_nothing(self, format: str, wanted: dict[str, int]) -> None:
        kept = {"disposal": 2, "clear": 3}
        data = gif(Frame(0, **kept), Frame(1, **CORNER, **kept), Frame(2, **SMALL, clear=3))
        assert shown(data, format, **wanted) == [(RED, RED), (CLEAR, GREEN), (BLUE, CLEAR)]

    def test_a_frame_that_is_taken_back_leaves_what_was_before(self, format: str, wanted: dict[str, int]) -> None:
        data = gif(Frame(0, disposal=1), Frame(1, **CORNER, disposal=3), Frame(2, **SMALL))
        assert shown(data, format, **wanted) == [(RED, RED), (RED, GREEN), (BLUE, RED)]

    def test_a_frame_may_have_colours_of_its_own(self, format: str, wanted: dict[str, int]) -> None:
        data = gif(Frame(0, palette=OTHER, disposal=1), Frame(1, **CORNER, palette=PALETTE), palette=b"")
        assert shown(data, format, **wanted) == [(BLACK, BLACK), (BLACK, GREEN)]

    def test_what_no_frame_of_a_webp_covers_is_transparent(self, format: str, wanted: dict[str, int]) -> None:
        frames = [Image.new("RGBA", (32, 32), colour) for colour in (RED, CLEAR)]
        frames[1].paste(GREEN, (16, 16, 32, 32))
        data = pictures.saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
        assert shown(data, format, **wanted) == [(RED, RED), (CLEAR, GREEN)]


@pytest.mark.parametrize(
    ("frames", "size", "seen"),
    [
        ((Frame(1, **CORNER, clear=0),), (32, 32), (CLEAR, GREEN)),
        ((Frame(1, **CORNER),), (32, 32), (CLEAR, GREEN)),  # whatever the colour of the background
        ((Frame(1),), (0, 0), (GREEN, GREEN)),
        ((Frame(1, palette=OTHER),), (32, 32), ((255, 255, 0, 255), (255, 255, 0, 255))),
        ((Frame(2, width=1, height=1),), (1, 1), (BLUE, BLUE)),
    ],
)
def test_the_first_frame_stands_where_it_is(frames: tuple[Frame, ...], size: tuple[int, int], seen: Any) -> None:
    data = gif(*frames, Frame(3), width=size[0], height=size[1])
    still = pictures.opened(thumbnail(data, Spec(format="PNG")).bytes).convert("RGBA")
    across, down = still.width // 4, still.height // 4
    assert (named(still.getpixel((across, down))), named(still.getpixel((across * 3, down * 3)))) == seen


@pytest.mark.parametrize(("loop", "plays"), [(None, 1), (0, 0), (2, 3)])
def test_it_is_shown_as_often_and_as_long(loop: int | None, plays: int) -> None:
    """GIF says how often again, WebP how often."""
    data = gif(Frame(0, delay=5), Frame(1, delay=0), Frame(2, delay=20), loop=loop)
    same: Any = pictures.opened(thumbnail(data, Spec(frames=0)).bytes)
    webp = thumbnail(data, Spec(format="WEBP", frames=0)).bytes
    back: Any = pictures.opened(thumbnail(webp, Spec(format="GIF", frames=0)).bytes)
    assert (same.info.get("loop"), pictures.opened(webp).info["loop"], back.info.get("loop")) == (loop, plays, loop)
    for image in (same, back):
        times = []
        for number in range(3):
            image.seek(number)
            times.append(image.info["duration"])
        assert times == [50, 0, 200]


def test_a_still_picture_of_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    animated = pictures.saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    for data, colour in ((animated, RED), (gif(Frame(2), Frame(1)), BLUE)):
        still: Any = pictures.opened(thumbnail(data, Spec(format="PNG")).bytes)
        assert getattr(still, "n_frames", 1) == 1
        assert named(still.convert("RGBA").getpixel((4, 4))) == colour


def apng(*frames: tuple[Pixels, dict[str, Any]], plays: int = 0, still: Pixels | None = None) -> bytes:
    """Return an animated PNG of *frames*: pixels, and ``left``, ``top``, ``disposal``, ``over``, ``delay``; with a
    picture for those who show it *still*, which is none of them."""
    whole = frames[0][0] if still is None else still
    parts = [chunk(b"acTL", struct.pack(">II", len(frames), plays))]
    if still is not None:
        parts.append(chunk(b"IDAT", packed(still)))
    number = 0
    for pixels, about in frames:
        place = struct.pack(">2I", about.get("left", 0), about.get("top", 0))
        size = struct.pack(">2I", pixels.shape[1], pixels.shape[0])
        rest = struct.pack(">HHBB", about.get("delay", 100), 1000, about.get("disposal", 0), about.get("over", 0))
        parts.append(chunk(b"fcTL", number.to_bytes(4, "big") + size + place + rest))
        number += 1
        if len(parts) == 2:
            parts.append(chunk(b"IDAT", packed(pixels)))
        else:
            parts.append(chunk(b"fdAT", number.to_bytes(4, "big") + packed(pixels)))
            number += 1
    head = struct.pack(">IIBBBBB", whole.shape[1], whole.shape[0], 8, 6, 0, 0, 0)
    return PNG_HEAD + chunk(b"IHDR", head) + b"".join(parts) + chunk(b"IEND", b"")


def packed(pixels: Pixels) -> bytes:
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))


def square(colour: Colour, size: int = 32) -> Pixels:
    return pictures.plain(size, size, colour)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "AVIF"])
class TestApng:
    def test_a_frame_lies_on_those_before(self, format: str) -> None:
        data = apng((square(RED), {}), (square(GREEN, 16), {"left": 16, "top": 16}), (square(BLUE, 16), {}))
        assert shown(data, format) == [(RED, RED), (RED, GREEN), (BLUE, GREEN)]

    def test_a_frame_that_is_disposed_of_leaves_nothing(self, format: str) -> None:
        data = apng((square(RED), {"disposal": 1}), (square(GREEN, 16), {"left": 16, "top": 16}))
        assert shown(data, format) == [(RED, RED), (CLEAR, GREEN)]

    def test_a_frame_that_is_taken_back_leaves_what_was_before(self, format: str) -> None:
        corner = {"left": 16, "top": 16, "disposal": 2}
        data = apng((square(RED), {}), (square(GREEN, 16), corner), (square(BLUE, 16), {}))
        assert shown(data, format) == [(RED, RED), (RED, GREEN), (BLUE, RED)]

    def test_a_frame_may_replace_or_cover(self, format: str) -> None:
        clear = square(CLEAR)
        assert shown(apng((square(RED), {}), (clear, {"over": 1})), format)[-1] == (RED, RED)
        assert shown(apng((square(RED), {}), (clear, {"over": 0})), format)[-1] == (CLEAR, CLEAR)

    def test_a_picture_for_those_who_know_no_animation_is_no_frame(self, format: str) -> None:
        data = apng((square(RED), {}), (square(GREEN), {}), still=square(BLUE))
        assert shown(data, format) == [(RED, RED), (GREEN, GREEN)]
        still = pictures.opened(thumbnail(data, Spec(format="PNG")).bytes).convert("RGBA")
        assert named(still.getpixel((4, 4))) == BLUE


def test_an_apng_is_shown_as_often_and_as_long() -> None:
    data = apng((square(RED), {"delay": 50}), (square(GREEN), {"delay": 200}), (square(GREEN), {"delay": 70}), plays=3)
    same: Any = pictures.opened(thumbnail(data, Spec(frames=0)).bytes)
    assert (same.format, same.n_frames, same.info["loop"]) == ("PNG", 3, 3)
    times = []
    for number in range(3):
        same.seek(number)
        times.append(same.info["duration"])
    assert times == [50, 200, 70]
    assert pictures.opened(thumbnail(data, Spec(format="WEBP", frames=0)).bytes).info["loop"] == 3


def test_a_moving_avif_comes_and_goes() -> None:
    data = pictures.moving("AVIF", 4)
    made: Any = pictures.opened(thumbnail(data, Spec(format="AVIF", frames=3, width=15)).bytes)
    assert (made.n_frames, made.size) == (3, (15, 10))
    assert pictures.opened(thumbnail(data, Spec(format="GIF", frames=0)).bytes).n_frames == 4  # type: ignore[attr-defined]


def test_a_moving_png_may_have_fewer_colours_to_fit() -> None:
    frames = [Image.fromarray(pictures.photograph(60, 40, seed)) for seed in (1, 2, 3)]
    data = pictures.saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    most = len(thumbnail(data, Spec(frames=0)).bytes) * 2 // 3
    made = thumbnail(data, Spec(frames=0, max_bytes=most)).bytes
    assert len(made) <= most
    assert pictures.opened(made).n_frames == 3  # type: ignore[attr-defined]
