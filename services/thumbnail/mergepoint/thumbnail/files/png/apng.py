"""Animated PNG (third edition, 11.3.8): splits it into frames, each a PNG of its own, and writes the chunks around the
pixels of frames. Knows no decoder."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...pixels.scaling import Pixels
from .chunks import HEAD, Chunk, chunk, chunks

CONTROL = 26  # bytes
DISPOSALS = (1, 2, 3)  # leave, clear, restore, as canvas.py has them
OVER = 1  # a blend


@dataclass(frozen=True)
class Frame:
    """Where a frame goes, for how many milliseconds, what happens to it then; *over*: what is transparent in it shows
    what was before; *file*: the frame alone."""

    left: int
    top: int
    width: int
    height: int
    duration: int
    disposal: int
    over: bool
    file: bytes


def count(data: bytes) -> int:
    """Return how many frames *data* has; one if it does not move. If it breaks off, the last may be a part of one."""
    at, moves, found = HEAD, False, 0
    while at + 8 <= len(data):
        name = data[at + 4 : at + 8]
        moves = moves or name == b"acTL"
        found += name == b"fcTL"
        if name == b"IEND" or (name == b"IDAT" and not moves):
            return max(1, found) if moves else 1
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return found + 1 if moves else 1


def plays(data: bytes) -> int:
    """Return how often it is shown, 0 for ever."""
    for part in chunks(data):
        if part.name == b"acTL" and len(part.content) >= 8:
            return int.from_bytes(part.content[4:8], "big")
    return 0


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames up to the first that is damaged. The fallback picture for readers without animation
    is not among them."""
    shared: list[Chunk] = []
    control, pixels = b"", b""
    for part in chunks(data):
        if part.name == b"IHDR" or not (control or part.name in (b"acTL", b"IDAT", b"fcTL", b"fdAT")):
            shared.append(part)
        if part.name in (b"fcTL", b"IEND"):
            if control and pixels:
                yield _frame(data, control, shared, pixels)
            control, pixels = part.content, b""
            if len(control) < CONTROL or not part.good or not _fits(control, shared):
                return
        elif control and part.name == b"IDAT":
            pixels += part.content
        elif control and part.name == b"fdAT":
            pixels += part.content[4:]
    if control and pixels:
        yield _frame(data, control, shared, pixels)


def _fits(control: bytes, shared: list[Chunk]) -> bool:
    """Return whether a frame is within the picture."""
    width, height = struct.unpack_from(">II", shared[0].content)
    across, down, left, top = struct.unpack_from(">4I", control, 4)
    return bool(across and down and left + across <= width and top + down <= height)


def _frame(data: bytes, control: bytes, shared: list[Chunk], pixels: bytes) -> Frame:
    width, height, left, top, over, under, disposal, blend = struct.unpack_from(">4IHHBB", control, 4)
    head = struct.pack(">II", width, height) + shared[0].content[8:]
    parts = [chunk(b"IHDR", head), *(chunk(part.name, part.content) for part in shared[1:] if part.good)]
    file = b"".join(b"".join(part) for part in [*parts, chunk(b"IDAT", pixels), chunk(b"IEND", b"")])
    duration = 1000 * over // (under or 100)
    disposal = DISPOSALS[disposal] if disposal < len(DISPOSALS) else DISPOSALS[0]
    return Frame(left, top, width, height, duration, disposal, blend == OVER, data[:HEAD] + file)


@dataclass(frozen=True)
class LaterFrame:
    """A frame after the first, whole, and for how many milliseconds it is shown."""

    pixels: Pixels
    duration: int


@dataclass(frozen=True)
class Change:
    """The part of a frame that differs from the one before, its position, its milliseconds, and the number of its first
    chunk."""

    pixels: Pixels
    left: int
    top: int
    duration: int
    number: int


def opening_chunks(first: Pixels, duration: int, frames: int, plays: int) -> Iterable[bytes]:
    """Return what comes before the pixels of the first frame."""
    control = _control(0, first, 0, 0, duration)
    return *chunk(b"acTL", struct.pack(">II", frames, plays)), *chunk(b"fcTL", control)


def changes(first: Pixels, later: Sequence[LaterFrame]) -> Iterator[Change]:
    """Yield the part of each of the *later* frames that is to be written."""
    before = first
    for number, frame in enumerate(later):
        differs = (frame.pixels != before).any(axis=2)
        (top, bottom), (left, right) = _span(differs.any(axis=1)), _span(differs.any(axis=0))
        part = np.ascontiguousarray(frame.pixels[top:bottom, left:right])
        yield Change(part, left, top, frame.duration, 1 + 2 * number)
        before = frame.pixels


def encode_change(change: Change, packed: bytes) -> Iterable[bytes]:
    """Return *change*, whose pixels are *packed*, as its chunks."""
    control = _control(change.number, change.pixels, change.left, change.top, change.duration)
    return *chunk(b"fcTL", control), *chunk(b"fdAT", (change.number + 1).to_bytes(4, "big") + packed)


def _control(number: int, pixels: Pixels, left: int, top: int, duration: int) -> bytes:
    """Return the control of a frame that replaces what was there, and stays."""
    height, width, _ = pixels.shape
    return struct.pack(">5IHHBB", number, width, height, left, top, min(duration, 65535), 1000, 0, 0)


def _span(differs: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> tuple[int, int]:
    """Return where what *differs* begins and ends; of nothing, one pixel: a frame has no less."""
    places = np.flatnonzero(differs)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 1)
