"""Animated PNG (PNG 3, 11.3.8): splits it into frames, each a PNG of its own, and writes the chunks around frames.

Knows no decoder.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...pixels.scaling import Pixels
from .chunks import HEAD, Chunk, chunk, chunks

CONTROL = 26  # bytes of an fcTL chunk
DISPOSALS = (1, 2, 3)  # leave, clear, restore, as canvas.py has them
OVER = 1  # the blend operation APNG_BLEND_OP_OVER


@dataclass(frozen=True)
class Frame:
    """A frame: its place in pixels, its duration in milliseconds, its disposal, and *file*, a PNG of it alone.

    *over* says that its transparent pixels show the canvas before.
    """

    left: int
    top: int
    width: int
    height: int
    duration: int
    disposal: int
    over: bool
    file: bytes


def count(data: bytes) -> int:
    """Return the number of frames of *data*; 1 if it is not animated. In a truncated file, the last may be cut off."""
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
    """Return how often the animation plays; 0 means for ever."""
    for part in chunks(data):
        if part.name == b"acTL" and len(part.content) >= 8:
            return int.from_bytes(part.content[4:8], "big")
    return 0


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames before the first damaged one. The picture for readers without animation is not among them."""
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
    """Return whether the frame that *control* describes lies within the picture."""
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
    """A frame after the first: all its pixels, and its duration in milliseconds."""

    pixels: Pixels
    duration: int


@dataclass(frozen=True)
class Change:
    """The part of a frame that differs from the frame before, its position in pixels, its duration in milliseconds, and
    the sequence number of its first chunk."""

    pixels: Pixels
    left: int
    top: int
    duration: int
    number: int


def opening_chunks(first: Pixels, duration: int, frames: int, plays: int) -> Iterable[bytes]:
    """Return the chunks that precede the pixels of the first frame; *duration* is in milliseconds."""
    control = _control(0, first, 0, 0, duration)
    return *chunk(b"acTL", struct.pack(">II", frames, plays)), *chunk(b"fcTL", control)


def changes(first: Pixels, later: Sequence[LaterFrame]) -> Iterator[Change]:
    """Yield for each of the *later* frames the part that differs from the frame before."""
    before = first
    for number, frame in enumerate(later):
        differs = (frame.pixels != before).any(axis=2)
        (top, bottom), (left, right) = _span(differs.any(axis=1)), _span(differs.any(axis=0))
        part = np.ascontiguousarray(frame.pixels[top:bottom, left:right])
        yield Change(part, left, top, frame.duration, 1 + 2 * number)
        before = frame.pixels


def encode_change(change: Change, packed: bytes) -> Iterable[bytes]:
    """Return the chunks of *change*; *packed* holds its compressed pixels."""
    control = _control(change.number, change.pixels, change.left, change.top, change.duration)
    return *chunk(b"fcTL", control), *chunk(b"fdAT", (change.number + 1).to_bytes(4, "big") + packed)


def _control(number: int, pixels: Pixels, left: int, top: int, duration: int) -> bytes:
    """Return the content of an fcTL chunk for a frame that replaces the pixels below it and stays."""
    height, width, _ = pixels.shape
    return struct.pack(">5IHHBB", number, width, height, left, top, min(duration, 65535), 1000, 0, 0)


def _span(differs: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> tuple[int, int]:
    """Return the first and the end index where *differs* is true; one pixel if it never is, the least of a frame."""
    places = np.flatnonzero(differs)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 1)
