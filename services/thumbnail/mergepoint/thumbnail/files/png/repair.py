"""Repairs damaged PNG: writes the undamaged part anew, so that every decoder reads it. Knows no decoder.

Chunks without pixels are left out if their checksum is wrong. The compressed pixels are inflated up to the first error,
and zeros replace the rest; the number of inflated bytes tells which rows are good.
"""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress

from isal import isal_zlib

from ...errors import BrokenImage
from ..damage import BAD_PIXELS, ENDS, Damage, Load, Salvaged, keep
from .chunks import HEAD, Chunk, chunk, chunks
from .layout import Layout

PALETTE = b"\x03"  # the colour type of a picture with a palette
NO_PALETTE = "has no palette"
CRITICAL = (b"IHDR", b"PLTE")
NOT_KEPT = (b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")  # they are written anew, or belong to other frames
PIECE = 1 << 12  # bytes that are inflated at once; they can become a thousand times as many
ZEROS = 1 << 20
LONGEST_TEXT = 1 << 20  # bytes of an inflated text chunk


def damage(data: bytes) -> Damage | None:
    """Return the damage of the chunks, None if there is none. The compressed pixels are not examined."""
    name, pixels, parted = b"", 0, False
    found = list(chunks(data))
    if found and lacks_palette(found):
        return Damage(NO_PALETTE, missing=True)
    for part in found:
        if not part.good:
            return Damage(_describe(part))
        if part.name == b"IDAT":
            pixels += 1
            parted = parted or (pixels > 1 and name != b"IDAT")
        if _is_too_long(part):
            return Damage(f"has a chunk that cannot be read: {part.name.decode()}")
        name = part.name
    if name != b"IEND":
        return Damage(ENDS)
    return Damage("has pixels in two places") if parted else None


def lacks_palette(found: Sequence[Chunk]) -> bool:
    return found[0].content[9:10] == PALETTE and not any(part.name == b"PLTE" for part in found)


def _describe(part: Chunk) -> str:
    return f"has a chunk with a wrong checksum: {part.name.decode()}" if part.whole else ENDS


def _is_too_long(part: Chunk) -> bool:
    """Return whether a compressed text cannot be inflated, or exceeds LONGEST_TEXT."""
    if part.name != b"zTXt":
        return False
    _, _, packed = part.content.partition(b"\0")
    try:
        inflater = zlib.decompressobj()
        inflater.decompress(packed[1:], LONGEST_TEXT)
        return packed[:1] != b"\0" or bool(inflater.unconsumed_tail)
    except zlib.error:
        return True


def salvage(data: bytes, load: Load) -> Salvaged:
    """Return the remaining pixels of *data*; *load* decodes the repaired file."""
    found = list(chunks(data))
    bad = next((part for part in found if part.name in CRITICAL and not part.good), None)
    if not found or found[0].name != b"IHDR" or bad:
        raise BrokenImage(f"the file {_describe(bad)}" if bad else "the PNG has no header")
    if not any(part.name == b"IDAT" for part in found):
        raise BrokenImage("the file has no pixels")
    if lacks_palette(found):
        raise BrokenImage(f"the file {NO_PALETTE}")
    layout = Layout.of(found[0].content)
    stream = b"".join(part.content for part in found if part.name == b"IDAT")
    inflated = _Inflater(stream, layout)
    packed = inflated.recompress()
    first = next(number for number, part in enumerate(found) if part.name == b"IDAT")
    before, after = ([part.bytes() for part in parts if _is_kept(part)] for parts in (found[:first], found[first:]))
    whole = data[:HEAD] + b"".join([*before, *chunk(b"IDAT", packed), *after, *chunk(b"IEND", b"")])
    seen, rows = layout.fill(load(whole), inflated.count)
    missing = inflated.count < layout.size
    what = inflated.error or (damage(data) or Damage(ENDS)).what
    return Salvaged(keep(seen, rows) if missing else seen, Damage(what, missing))


def pixel_damage(data: bytes) -> Damage | None:
    """Return the damage of the compressed pixels of a file whose chunks are good; None if there is none."""
    found = list(chunks(data))
    layout = Layout.of(found[0].content)
    inflated = _Inflater(b"".join(part.content for part in found if part.name == b"IDAT"), layout)
    inflated.recompress()
    return Damage(inflated.error, inflated.count < layout.size) if inflated.error else None


def _is_kept(part: Chunk) -> bool:
    return part.good and part.name not in NOT_KEPT and not _is_too_long(part)


class _Inflater:
    """Inflates pixels up to the first error. *count* is the number of good bytes, of those that *layout* has; *error*
    describes the error, and is empty if there is none."""

    def __init__(self, stream: bytes, layout: "Layout") -> None:
        self.count = 0
        self.error = ""
        self._stream, self._layout, self._size = stream, layout, layout.size

    def recompress(self) -> bytes:
        """Return the pixels compressed anew, with zeros in place of missing bytes."""
        packer = isal_zlib.compressobj(0)
        packed = []
        for piece in self._pieces():
            good = self._layout.good(piece, self.count)
            packed.append(packer.compress(piece[:good]))
            self.count += good
            if good < len(piece):
                self.error = BAD_PIXELS
                break
        for start in range(self.count, self._size, ZEROS):
            packed.append(packer.compress(bytes(min(ZEROS, self._size - start))))
        return b"".join([*packed, packer.flush()])

    def _pieces(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj()
        for start in range(0, len(self._stream), PIECE):
            piece, before = self._stream[start : start + PIECE], inflater.copy()
            try:
                made = inflater.decompress(piece)
            except zlib.error as error:
                self.error = f"{BAD_PIXELS}: {str(error)[:60]}"
                yield from self._byte_by_byte(before, piece)
                return
            yield made[: self._remaining()]
            if inflater.eof or not self._remaining():
                break
        else:
            start = len(self._stream)
        if self._remaining():
            self.error = "has too few pixels" if inflater.eof else ENDS
        elif not inflater.eof:
            self._end(inflater, self._stream[start + PIECE :][:PIECE])

    def _end(self, inflater: "zlib._Decompress", rest: bytes) -> None:
        """Read the checksum after the last pixel."""
        with suppress(zlib.error):
            inflater.decompress(rest, 1)
        if not inflater.eof:
            self.error = "has compressed pixels that do not end"

    def _remaining(self) -> int:
        return self._size - self.count

    def _byte_by_byte(self, inflater: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
        """Yield the pixels before the error in *piece*."""
        with suppress(zlib.error):
            for at in range(len(piece)):
                yield inflater.decompress(piece[at : at + 1])[: self._remaining()]
