"""What a file announces is read as decoders read it, damaged or not, and in no more than a moment."""

import struct
import time

import pytest

from mergepoint.thumbnail import BrokenImage, Spec, thumbnail
from mergepoint.thumbnail.files.probe import boxes, read_header
from tests.thumbnail import pictures
from tests.thumbnail.animations import Frame, gif

JPEG, WEBP, AVIF = (pictures.file(pictures.flag(60, 40), format) for format in ("JPEG", "WEBP", "AVIF"))


@pytest.mark.parametrize("between", [b"\xff\x00\xbe\x00\x01", b"junk", b"\xff\xff\xff", b"\xff\xd0", b"\x00" * 50])
def test_what_stands_between_the_segments_of_a_jpeg_is_skipped(between: bytes) -> None:
    at = JPEG.index(b"\xff\xdb")
    data = JPEG[:at] + between + JPEG[at:]
    assert (read_header(data).width, read_header(data).height) == (60, 40)
    assert thumbnail(data, Spec(width=30)).height == 20


def test_what_stands_between_the_blocks_of_a_gif_is_skipped() -> None:
    whole = gif(Frame(0), Frame(1))
    assert read_header(whole).frames == 2
    at = whole.rindex(b"\x21\xf9")
    junked = whole[:at] + b"\0\0junk" + whole[at:]
    assert read_header(junked).frames == 2
    assert thumbnail(junked, Spec(width=10)).width == 10


def test_what_is_cut_off_after_the_first_picture_is_not_missed() -> None:
    whole = gif(Frame(0), Frame(1))
    at = whole.rindex(b",")
    assert [read_header(whole[:end]).frames for end in (at + 3, at + 9, at + 10, len(whole))] == [1, 1, 2, 2]
    twice = AVIF + AVIF[: AVIF.index(b"ispe") + 6]
    assert read_header(twice).width == 60
    assert thumbnail(twice, Spec(width=30, format="PNG")).width == 30


def test_a_long_box_may_be_cut_off() -> None:
    assert list(boxes(struct.pack(">I4s", 1, b"moov") + bytes(3), 0, 11)) == []
    assert [kind for kind, *_ in boxes(struct.pack(">I4sQ", 1, b"moov", 16), 0, 16)] == [b"moov"]


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_an_animation_that_breaks_off_goes_as_far_as_it_goes(format: str) -> None:
    frames = [Frame(0), Frame(1), Frame(2)]
    data = gif(*frames, Frame(3, left=900, top=900, width=1, height=1))
    broken = data[: data.rindex(b",") + 12]
    shown = pictures.opened(thumbnail(broken, Spec(format=format, frames=0)).bytes)
    assert shown.n_frames == 3  # type: ignore[attr-defined]


SLOW = {
    "a JPEG of nothing but fill bytes": b"\xff\xd8" + b"\xff" * 9_000_000 + JPEG[2:],
    "a JPEG of small segments": b"\xff\xd8" + b"\xff\xe1\0\x02" * 2_000_000 + JPEG[2:],
    "a JPEG of single markers": b"\xff\xd8" + b"\xff\xd0" * 4_000_000 + JPEG[2:],
    "a GIF of small frames": gif(Frame(0, width=1, height=1))[:-1] + (b"," + bytes(9) + b"\2\0") * 700_000 + b";",
    "a GIF of junk": gif(Frame(0))[:-1] + bytes(9_000_000) + b";",
    "a WebP of small chunks": b"RIFF\xff\xff\xff\0WEBP" + (b"junk" + bytes(4)) * 1_000_000 + WEBP[12:],
    "an AVIF of small boxes": AVIF[:32] + b"\0\0\0\x08free" * 1_000_000 + AVIF[32:],
    "an AVIF of boxes in boxes": AVIF[:32]
    + b"".join(struct.pack(">I4s", 8 * (200_000 - depth), b"moov") for depth in range(200_000)),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_header_takes_long(name: str) -> None:
    began = time.process_time()
    try:
        read_header(SLOW[name])
    except BrokenImage as error:
        assert "parts" in str(error) or "pixels" in str(error)  # noqa: PT017
    assert time.process_time() - began < 0.25
