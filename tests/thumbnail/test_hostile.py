"""Files that mean harm are refused by what they announce, or end at their deadline; no worker is lost."""

import contextlib
import functools
import pathlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mergepoint.thumbnail import BrokenImage, ImageTooLarge, ImpossibleSize, Limits, NotAnImage, Spec, info, thumbnail
from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.deadlines import LONGEST_DEADLINE, deadline
from mergepoint.thumbnail.files.probe import read_header
from mergepoint.thumbnail.spec import Limits as SpecLimits
from tests.fuzzing import fuzz
from tests.long import some
from tests.servers import Gunicorn, children, descendants
from tests.stopwatch import Stopwatch
from tests.thumbnail import bombs, damage, pictures, test_metadata
from tests.thumbnail.animations import Frame, gif
from tests.thumbnail.containers import avif_grid, avif_with_thumbnail

MORE_KINDS = sorted({kind.of for kind in damage.KINDS if kind.of[:3] in ("TIF", "BMP", "ICO")})
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")


@pytest.fixture(scope="module")
def service() -> Iterator[Gunicorn]:
    service = Gunicorn("thumbnail", THUMBNAIL_WORKERS="1").start()
    yield service
    service.stop()


@functools.cache
def made(name: str) -> bytes:
    return bombs.ANNOUNCED[name][0]() if name in bombs.ANNOUNCED else bombs.REVEALED[name]()


def resident(pid: int) -> int:
    """The memory of *pid* and all below it that is theirs alone, in bytes."""
    total = 0
    for process in {pid, *descendants(pid)}:
        try:
            rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


@pytest.mark.parametrize("name", bombs.ANNOUNCED)
def test_what_the_header_gives_away_costs_nothing(name: str, service: Gunicorn) -> None:
    data, (_, status, code) = made(name), bombs.ANNOUNCED[name]
    workers, before = service.workers(), resident(service.pid)
    with Stopwatch() as watch:
        reply = service.request("POST", "/thumbnail?width=100", data)
    used = resident(service.pid) - before
    assert (reply.status, reply.json["code"]) == (status, code)
    assert watch.seconds < 0.3
    assert used < 200 << 20
    assert service.workers() == workers


@pytest.mark.parametrize("name", bombs.REVEALED)
@pytest.mark.parametrize("frames", some(["first", "all"], always=["first"]))
def test_what_only_decoding_reveals_ends_in_time(name: str, frames: str, service: Gunicorn) -> None:
    workers = service.workers()
    with Stopwatch() as watch:
        reply = service.request("POST", f"/thumbnail?width=100&frames={frames}", made(name))
    assert watch.seconds < LONGEST_DEADLINE + 0.5
    assert reply.status in (200, 422)
    assert reply.status == 200 or reply.json["code"] in (
        "broken_image", "image_too_large", "too_slow", "memory_exceeded", "crashed",
    )  # fmt: skip
    assert service.workers() == workers


def test_frames_are_counted_before_they_are_decoded() -> None:
    with pytest.raises(ImageTooLarge, match="frames"):
        thumbnail(bombs.gif(501), Spec(width=10, frames=0))
    with pytest.raises(ImageTooLarge, match="100 frames"):
        thumbnail(bombs.gif(100), Spec(width=10, frames=0))
    assert thumbnail(bombs.gif(501), Spec(width=10)).width == 10
    assert thumbnail(bombs.gif(501), Spec(width=10, frames=5)).width == 10


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_may_end_anywhere(format: str) -> None:
    data = pictures.file(pictures.photograph(64, 48), format)
    for end in {*range(12, min(len(data), 200), 7), *range(200, len(data) - 20, max(1, len(data) // 9))}:
        try:
            shown = thumbnail(data[:end], Spec(width=10))
        except (BrokenImage, NotAnImage):
            continue
        assert shown.width == 10
        assert shown.damage


@functools.cache
def small(kind: str) -> bytes:
    photograph = pictures.photograph(40, 30)
    moving = {"moving GIF": "GIF", "moving WebP": "WEBP"}
    if kind in moving:
        return pictures.moving(moving[kind], 3)
    if kind in MORE_KINDS:
        return damage.whole(kind)
    if kind in test_metadata.SOURCES:
        return test_metadata.SOURCES[kind]()
    special = {
        "CMYK": lambda: pictures.saved(Image.fromarray(photograph).convert("CMYK"), "JPEG"),
        "progressive": lambda: pictures.file(photograph, "JPEG", progressive=True),
        "palette": lambda: pictures.saved(Image.fromarray(photograph).quantize(16), "PNG", bits=4),
        "lossless WebP": lambda: pictures.file(photograph, "WEBP", lossless=True),
        "grid": lambda: avif_grid([[photograph] * 2]),
        "thumbnail within": lambda: avif_with_thumbnail(photograph, photograph[:16, :16]),
        "frames": lambda: gif(Frame(0, disposal=2, clear=3), Frame(1, 16, 16, 16, 16), loop=2),
        "several": lambda: pictures.saved(Image.fromarray(photograph), "MPO", save_all=True),
    }
    return special[kind]()


KINDS = [
    *FORMATS, "moving GIF", "moving WebP", "CMYK", "progressive", "palette", "lossless WebP", "grid",
    "thumbnail within", "frames", "several", *MORE_KINDS,
]  # fmt: skip
FEW = Limits(pixels=1_000_000, more_formats=("TIFF", "BMP", "ICO"))
WANTED = [
    Spec(width=8),
    Spec(width=8, frames=0),
    Spec(strip=False, keep_profile=True),
    Spec(width=8, format="WEBP", frames=0, keep_copyright=True, embedded=True),
]


@fuzz(200)
@given(data=st.data())
def test_a_damaged_file_is_shown_or_refused_and_nothing_else(data: st.DataObject) -> None:
    file = bytearray(small(data.draw(st.sampled_from(KINDS))))
    for _ in range(data.draw(st.integers(1, 6))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    del file[data.draw(st.integers(len(file) // 2, len(file) * 2)) :]
    with contextlib.suppress(BrokenImage, NotAnImage, ImageTooLarge, ImpossibleSize, MemoryError):
        thumbnail(bytes(file), data.draw(st.sampled_from(WANTED)), limits=FEW)
    with contextlib.suppress(BrokenImage, NotAnImage, ImageTooLarge, MemoryError):
        info(bytes(file), limits=FEW)


@fuzz(200)
@given(head=st.sampled_from([small(kind)[:40] for kind in KINDS]), tail=st.binary(max_size=300))
def test_any_header_is_read_or_refused(head: bytes, tail: bytes) -> None:
    with contextlib.suppress(BrokenImage, NotAnImage):
        read_header(head + tail, FEW.more_formats)


def test_a_polyglot_is_what_its_first_bytes_are() -> None:
    data = (
        pictures.file(pictures.flag(60, 40), "GIF") + b"<script>alert(1)</script>" + pictures.file(pictures.flag(9, 9))
    )
    shown = thumbnail(data, Spec(width=30))
    assert (shown.type, b"script" in shown.bytes) == ("image/gif", False)


def test_the_deadline_follows_the_pixels_announced() -> None:
    def seconds(pixels: int, **wanted: object) -> float:
        announced = {"pixels": pixels, "frames": 1}
        return deadline(announced, [Spec(**{"width": 300, "height": 300, **wanted})], SpecLimits())

    assert seconds(1_000_000) < seconds(10_000_000) < seconds(50_000_000) <= LONGEST_DEADLINE
    assert seconds(10_000_000) < seconds(10_000_000, max_bytes=1000)
    assert seconds(10_000_000, upscale=True, width=4096, height=4096) == LONGEST_DEADLINE


def test_a_call_that_takes_too_long_is_refused(service: Gunicorn) -> None:
    zygotes = children(service.pid) - service.workers()
    reply = service.request(
        "POST",
        "/thumbnail?width=4000&format=avif&upscale=1&max_bytes=100",
        pictures.file(pictures.photograph(640, 480)),
    )
    assert reply.json["code"] in ("too_slow", "does_not_fit")
    assert children(service.pid) - service.workers() == zygotes


def test_limits_can_be_set() -> None:
    assert Settings(max_pixels=100, max_side=7).limits == Limits(pixels=100, side=7)
    with pytest.raises(ImageTooLarge):
        thumbnail(pictures.file(pictures.flag(60, 40)), Spec(), limits=Limits(pixels=2399))
    assert thumbnail(pictures.file(pictures.flag(60, 40)), Spec(), limits=Limits(pixels=2400)).width == 60
