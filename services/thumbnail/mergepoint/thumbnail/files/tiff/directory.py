"""Reads and writes a directory of TIFF (6.0, section 2, and BigTIFF), with limits on what is read."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .tags import ICC, STRIP_COUNTS, STRIP_OFFSETS, TILE_COUNTS, TILE_OFFSETS

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
BIG = b"+"
LAYOUTS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "8s", 6: "b", 7: "s", 9: "i", 10: "8s", 13: "I", 16: "Q", 18: "Q"}
BYTES, NUMBERS = (1, 2, 7), (1, 3, 4, 13, 16, 18)  # types of fields (TIFF 6.0, section 2; BigTIFF)
MOST_ENTRIES = 1000  # entries of a directory; later ones are ignored
MOST_PARTS = 200_000  # strips and tiles; a strip may be one row of one colour
LONGEST = 1 << 16  # bytes of a field that is not in LONGER
LONGER = dict.fromkeys((STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS), 8 * MOST_PARTS) | {ICC: 4 << 20}


@dataclass(frozen=True)
class Entry:
    """A field of a directory: its type, and its values in the file's bytes."""

    type: int
    raw: bytes


def read_entries(data: bytes, order: str, *, big: bool) -> Iterator[tuple[int, Entry]]:
    """Yield tag and field of each entry of the first directory, last to first; raise struct.error if it is cut off.

    Fields that are too long, or beyond the end of the file, are left out. *order* is ``<`` or ``>``.
    """
    (at,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, at)
    at += 8 if big else 2
    size, short = (20, 8) if big else (12, 4)
    found = []
    for place in range(at, at + size * min(count, MOST_ENTRIES), size):
        tag, type_, number = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", data, place)
        length = number * struct.calcsize(f"={LAYOUTS.get(type_, 's')}")
        start = place + size - short
        if length > short:
            (start,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, start)
        if type_ in LAYOUTS and 0 < length <= LONGER.get(tag, LONGEST) and start + length <= len(data):
            found.append((tag, Entry(type_, data[start : start + length])))
    yield from reversed(found)


def pack(order: str, layout: str, values: Sequence[int]) -> bytes:
    """Return the bytes of *values* in a field, each in the struct format *layout*."""
    return struct.pack(f"{order}{len(values)}{layout}", *values)


def unpack(order: str, entry: Entry) -> Sequence[int]:
    """Return the values of a field of numbers."""
    layout = LAYOUTS[entry.type]
    size = struct.calcsize(f"={layout}")
    return struct.unpack(f"{order}{len(entry.raw) // size}{layout}", entry.raw)


def write_file(order: str, body: list[bytes], end: int, fields: Mapping[int, Entry]) -> bytes:
    """Return a file in byte *order* with *fields* as its only directory, after *body*, which ends at *end*."""
    pad = bytes(end % 2)
    at = end + len(pad)
    directory, values = struct.pack(f"{order}H", len(fields)), b""
    beyond = at + 2 + 12 * len(fields) + 4
    for tag, entry in sorted(fields.items()):
        layout, raw = LAYOUTS[entry.type], entry.raw
        type_ = entry.type
        if layout == "Q":  # 64-bit numbers, copied from BigTIFF, which alone has them
            raw, type_ = pack(order, "I", [min(n, 2**32 - 1) for n in unpack(order, entry)]), 4
        count = len(raw) // struct.calcsize(f"={LAYOUTS[type_]}")
        directory += struct.pack(f"{order}HHI", tag, type_, count)
        if len(raw) <= 4:
            directory += raw.ljust(4, b"\0")
        else:
            directory += struct.pack(f"{order}I", beyond + len(values))
            values += raw + bytes(len(raw) % 2)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    return b"".join([head, *body, pad, directory, bytes(4), values])
