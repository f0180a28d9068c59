"""Repairs AVIF and HEIC without whole items: tiles of a grid, or transparency. Knows no decoder.

A decoder refuses the whole picture if one tile is missing. So two versions are made, in which the locations (``iloc``,
ISO 14496-12, 8.11.3) of missing tiles point to two different tiles of the file: pixels that differ are missing.
References to missing transparency are hidden.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .embedded import HIDDEN
from .probe import boxes

CODED = (b"av01", b"hvc1")
TRANSPARENCY = b"auxl"
LEAST = 32  # bytes: a shorter item is little more than a header
MOST_ITEMS = 10_000
WORD = 4  # bytes that can hold every offset in a file


@dataclass(frozen=True)
class Place:
    """The location of an item: *length* bytes from the offset *at*."""

    item: int
    at: int
    length: int
    said: tuple[tuple[int, int], ...]
    """Offset and size, in bytes, of the file's fields for the base offset, the offset and the length."""

    def available(self, data: bytes) -> int:
        return max(0, min(self.length, len(data) - self.at))


def replace_missing(data: bytes) -> tuple[bytes, bytes] | None:
    """Return two versions of *data*, with different items in place of the missing ones.

    None if no item is missing, or none can replace it.
    """
    try:
        found = {kind: (start, end) for kind, start, end in boxes(data, 0, len(data)) if kind in WANTED}
        kinds = dict(_kinds(data, *found[b"iinf"]))
        places = [place for place in _places(data, *found[b"iloc"]) if kinds.get(place.item) in CODED]
        clear = dict(_transparencies(data, *found[b"iref"])) if b"iref" in found else {}
    except (struct.error, IndexError, KeyError):
        return None
    lost = [place for place in places if place.available(data) < min(LEAST, place.length)]
    tiles = [place for place in lost if place.item not in clear]
    others = [place for place in places if place not in lost and place.item not in clear]
    if not lost or not others or (tiles and len(others) < 2):
        return None
    hidden = _hide_references(data, [clear[place.item] for place in lost if place.item in clear])
    return _point_to(hidden, tiles, others[0]), _point_to(hidden, tiles, others[-1])


WANTED = (b"iinf", b"iloc", b"iref")


def _hide_references(data: bytes, references: list[int]) -> bytes:
    changed = bytearray(data)
    for at in references:
        changed[at : at + 4] = HIDDEN
    return bytes(changed)


def _point_to(data: bytes, lost: list[Place], other: Place) -> bytes:
    """Return *data* with the locations of the *lost* items set to that of *other*."""
    changed = bytearray(data)
    for place in lost:
        for (at, size), value in zip(place.said, (0, other.at, other.length), strict=True):
            changed[at : at + size] = value.to_bytes(size, "big")
    return bytes(changed)


def _kinds(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and type of each item (``infe``, 8.11.6)."""
    at = start + (6 if data[start] == 0 else 8)
    while at + 8 <= end:
        (length,) = struct.unpack_from(">I", data, at)
        if length < 8:
            return
        wide = data[at + 8] > 2
        (item,) = struct.unpack_from(">I" if wide else ">H", data, at + 12)
        kind = at + (18 if wide else 16)
        yield item, data[kind : kind + 4]
        at += length


def _places(data: bytes, start: int, end: int) -> Iterator[Place]:
    """Yield the places of the items that are stored in one piece."""
    version, sizes, more = data[start], data[start + 4], data[start + 5]
    at_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version else 0
    wide = version > 1
    (count,) = struct.unpack_from(">I" if wide else ">H", data, start + 6)
    at = start + (10 if wide else 8)
    for _ in range(min(count, MOST_ITEMS)):
        (item,) = struct.unpack_from(">I" if wide else ">H", data, at)
        at += 4 if wide else 2
        within = struct.unpack_from(">H", data, at)[0] & 15 if version else 0
        at += (2 if version else 0) + 2
        added = (at, base_size)
        at += base_size
        (pieces,) = struct.unpack_from(">H", data, at)
        at += 2
        if pieces == 1 and not within and at_size >= WORD and length_size >= WORD:
            said = added, (at + index_size, at_size), (at + index_size + at_size, length_size)
            base, place, length = (int.from_bytes(data[start : start + size], "big") for start, size in said)
            yield Place(item, base + place, length, said)
        at += pieces * (index_size + at_size + length_size)
        if at > end:
            return


def _transparencies(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield each item that is another's transparency, and the offset of the reference's type (``iref``, 8.11.12)."""
    wide = data[start] > 0
    at = start + 4
    while at + 10 <= end:
        (length,) = struct.unpack_from(">I", data, at)
        if length < 8:
            return
        if data[at + 4 : at + 8] == TRANSPARENCY:
            yield struct.unpack_from(">I" if wide else ">H", data, at + 8)[0], at + 4
        at += length
