"""The thumbnail that an AVIF may carry beside its picture (HEIF, ISO 23008-12, 6.4.4).

Decoders show the primary item only, so the thumbnail is declared the primary item.
"""

import struct
from collections.abc import Iterator

from .probe import boxes

HIDDEN = b"skip"  # a reference type without meaning; decoders skip items that are thumbnails of others


def thumbnail_within(data: bytes) -> bytes | None:
    """Return the AVIF file *data* with its first embedded thumbnail as the primary item; None if it has none."""
    if data[4:8] != b"ftyp":
        return None
    found = {kind: (start, end) for kind, start, end in boxes(data, 0, len(data)) if kind in (b"pitm", b"iref")}
    if len(found) < 2:
        return None
    at, _ = found[b"pitm"]
    try:
        wide = data[at] > 0
        primary = _number(data, at + 4, wide)
        for place, thumbnail, masters in _references(data, *found[b"iref"]):
            if primary in masters:
                changed = bytearray(data)
                struct.pack_into(">I" if wide else ">H", changed, at + 4, thumbnail)
                changed[place : place + 4] = HIDDEN
                return bytes(changed)
    except (struct.error, IndexError):
        return None
    return None


def _references(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, list[int]]]:
    """Yield each thumbnail reference: the offset of its type, the thumbnail's item, the items that it belongs to."""
    wide = data[start] > 0
    size = 4 if wide else 2
    at = start + 4
    while at + 8 <= end:
        (length,) = struct.unpack_from(">I", data, at)
        if length < 8:
            return
        if data[at + 4 : at + 8] == b"thmb":
            (count,) = struct.unpack_from(">H", data, at + 8 + size)
            first = at + 10 + size
            fitting = min(count, (min(at + length, end) - first) // size)
            yield at + 4, _number(data, at + 8, wide), [_number(data, first + size * n, wide) for n in range(fitting)]
        at += length


def _number(data: bytes, at: int, wide: bool) -> int:
    number: int = struct.unpack_from(">I" if wide else ">H", data, at)[0]
    return number
