"""A link may ask for the thumbnail within an AVIF instead of the picture."""

import contextlib
import struct

import numpy as np
import pytest

from mergepoint.thumbnail import BrokenImage, Spec, thumbnail
from mergepoint.thumbnail.files.embedded import thumbnail_within
from tests.thumbnail import pictures
from tests.thumbnail.containers import avif_with_thumbnail

BLUE, RED = pictures.plain(128, 96, (0, 0, 255)), pictures.plain(32, 24, (255, 0, 0))
ENFORCED = Spec(embedded=True, format="PNG")


def colour(data: bytes) -> tuple[int, ...]:
    return tuple(np.round(pictures.pixels(data).mean((0, 1)) / 64).astype(int))


@pytest.mark.parametrize("wide", [False, True])
def test_the_thumbnail_is_used_only_when_it_is_asked_for(wide: bool) -> None:
    file = avif_with_thumbnail(BLUE, RED, wide=wide)
    whole, small = thumbnail(file, Spec(format="PNG")), thumbnail(file, ENFORCED)
    assert (whole.width, colour(whole.bytes)) == (128, (0, 0, 4))
    assert (small.width, small.origin_width, colour(small.bytes)) == (32, 32, (4, 0, 0))


def test_without_one_that_can_be_read_the_picture_is_used() -> None:
    files = [pictures.file(BLUE, format) for format in ("AVIF", "JPEG", "PNG")]
    for file in [*files, avif_with_thumbnail(BLUE, RED, broken=True)]:
        assert (thumbnail(file, ENFORCED).width, colour(thumbnail(file, ENFORCED).bytes)) == (128, (0, 0, 4))


def test_references_that_lie_are_passed_over() -> None:
    file = avif_with_thumbnail(BLUE, RED)
    at = file.index(b"thmb")
    for lie in (
        file[: at - 4] + struct.pack(">I", 0) + file[at:],
        file[: at - 4] + struct.pack(">I", 2**32 - 1) + file[at:],
        file[: at + 6] + struct.pack(">H", 65535) + file[at + 8 :],
        file[: at + 4] + struct.pack(">H", 77) + file[at + 6 :],
        file[: at + 8] + struct.pack(">H", 77) + file[at + 10 :],
    ):
        with contextlib.suppress(BrokenImage):
            assert thumbnail(lie, ENFORCED).width in (32, 128)
    for end in range(len(file)):
        thumbnail_within(file[:end])
