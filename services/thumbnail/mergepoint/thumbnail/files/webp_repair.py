"""Repairs damaged WebP and AVIF: corrects the sizes of their parts, and fills in missing bytes.

Decoders refuse a truncated file, but seldom a file with wrong pixels. So two versions are made, with different fillers
for missing bytes: rows that differ come from the fillers. Knows no decoder.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from ..errors import MOST_PARTS, BrokenImage, TooManyParts
from ..pixels.scaling import Pixels
from . import heif_repair
from .damage import BAD_PIXELS, ENDS, Damage, Load, Salvaged, alike, alike_in_part, keep

RIFF_HEAD, CHUNK_HEAD = 12, 8  # bytes
FRAME = b"ANMF"
FRAME_HEAD = CHUNK_HEAD + 16 + CHUNK_HEAD + 10  # bytes, up to the size that the first frame's pixels announce
PIXELS = (b"VP8 ", b"VP8L", b"ALPH", FRAME)
FILLERS = (b"\x00", b"\xa5", b"\xff", b"\x5a")
MORE = (16, 64, 256, 1024, 4096, 16_384)  # bytes before the break that are tried as filler too
MOST_FILLED = 32 << 20  # bytes
HALVINGS = 12  # steps of the search for an error in compressed pixels: exact to 1/4096 of their bytes


@dataclass(frozen=True)
class Repaired:
    """A repaired file: *data*, in which *missing* bytes of filler are to be inserted at *at*. *what* is the damage."""

    data: bytes
    what: str
    at: int = 0
    missing: int = 0
    later: bool = False
    """Whether frames after the first were left out."""

    def with_filler(self, filler: bytes) -> bytes:
        return self.data[: self.at] + filler * self.missing + self.data[self.at :]


def repair(data: bytes, format: str) -> Repaired | None:
    """Return *data*, a WebP, AVIF or HEIF by *format*, repaired; None if the sizes of its parts are right."""
    return _repair_webp(data) if format == "WEBP" else _repair_avif(data)


def salvage(data: bytes, format: str, load: Load) -> Salvaged:
    """Return the remaining pixels of *data*, which *load* decodes; raise BrokenImage if no row can be read."""
    found = repair(data, format) or Repaired(data, BAD_PIXELS)
    if not found.missing:
        try:
            return Salvaged(load(found.data), Damage(found.what, later=found.later))
        except BrokenImage:
            if format != "WEBP":
                raise
            found = _keep_readable(found.data, load)
    lost = heif_repair.replace_missing(found.data) if format != "WEBP" else None
    first, other = _load_each(found, lost, load) if lost else _load_two(found, load)
    there = alike(first, other)
    there = there if there.any() else alike_in_part(first, other)
    missing = lost is not None or not bool(there.all())
    return Salvaged(keep(first, there), Damage(found.what, missing, later=found.later))


def _load_two(found: Repaired, load: Load) -> tuple[Pixels, Pixels]:
    """Return the pixels of the first two versions of a file that can be decoded; raise BrokenImage if fewer can."""
    made: list[Pixels] = []
    for version in _versions(found):
        with suppress(BrokenImage):
            made.append(load(version))
        if len(made) == 2:
            return made[0], made[1]
    raise BrokenImage(f"the file {found.what}, and no row of pixels can be read")


def _load_each(found: Repaired, versions: tuple[bytes, bytes], load: Load) -> tuple[Pixels, Pixels]:
    """Return the pixels of each of two *versions*, with different fillers."""
    first, _ = _load_two(replace(found, data=versions[0]), load)
    _, other = _load_two(replace(found, data=versions[1]), load)
    return first, other


def _versions(found: Repaired) -> Iterator[bytes]:
    """Yield the file with different fillers; then, since a filler may be invalid there, with more bytes filled."""
    yield from map(found.with_filler, FILLERS)
    for more in MORE:
        if more < found.at:
            at = found.at - more
            shorter = found.data[:at] + found.data[found.at :]
            yield replace(found, data=shorter, at=at, missing=found.missing + more).with_filler(FILLERS[0])


def _keep_readable(data: bytes, load: Load) -> Repaired:
    """Return a WebP whose pixels are replaced by filler from the first unreadable byte on."""
    start, end = next(((at, end) for name, at, end in chunks(data) if name in PIXELS and name != b"ALPH"), (0, 0))
    if not start:
        raise BrokenImage("the file has no pixels")
    good, bad = start + CHUNK_HEAD, end
    for _ in range(HALVINGS):
        middle = (good + bad) // 2
        try:
            load(data[:middle] + bytes(end - middle) + data[end:])
            good = middle
        except BrokenImage:
            bad = middle
    return Repaired(data[:good] + data[end:], BAD_PIXELS, good, end - good)


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk. The end may lie beyond the file. Raises TooManyParts."""
    at = RIFF_HEAD
    for _ in range(MOST_PARTS):
        name = data[at : at + 4]
        if at + CHUNK_HEAD > len(data) or not name.strip().isalnum():
            return
        end = at + CHUNK_HEAD + int.from_bytes(data[at + 4 : at + 8], "little")
        yield name, at, end
        at = end + end % 2
    raise TooManyParts


def _repair_webp(data: bytes) -> Repaired | None:
    said = CHUNK_HEAD + int.from_bytes(data[4:8], "little")
    ends = [end + end % 2 for _, _, end in chunks(data)]
    if said <= len(data) and said in ends:
        return None
    body, at, missing, later, seen = b"", 0, 0, False, 0
    for name, start, end in chunks(data):
        seen += name in PIXELS
        if end <= len(data):
            body += data[start:end] + bytes(end % 2)
        elif seen == 1 and name in PIXELS and start + FRAME_HEAD * (name == FRAME) < len(data):
            at, missing = RIFF_HEAD + len(body) + len(data) - start, end - len(data)
            body += data[start:]
        else:
            later = later or name == FRAME
    if missing > MOST_FILLED:
        return None
    odd = bytes((len(body) + missing) % 2)
    whole = b"RIFF" + struct.pack("<I", 4 + len(body) + missing + len(odd)) + b"WEBP" + body + odd
    return Repaired(whole, ENDS if missing or later else "has another size than its header says", at, missing, later)


def _repair_avif(data: bytes) -> Repaired | None:
    at, kind = 0, b""
    for _ in range(MOST_PARTS):
        if at + CHUNK_HEAD > len(data):
            return None
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < CHUNK_HEAD:  # 0: the box goes to the end; 1: it has a length of 64 bits, larger than any upload
            return None
        if at + length > len(data):
            break
        at += length
    missing = at + length - len(data)
    return Repaired(data, ENDS, len(data), missing) if kind == b"mdat" and missing <= MOST_FILLED else None
