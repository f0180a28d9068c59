"""TIFF and BMP files put together field by field, as programs write them that Pillow does not imitate."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BYTE, ASCII, SHORT, LONG, UNDEFINED, LONG8 = 1, 2, 3, 4, 7, 16
LAYOUTS = {BYTE: "B", SHORT: "H", LONG: "I", LONG8: "Q", 9: "i"}
Field = tuple[int, Any]


def tiff(
    fields: Mapping[int, Field], parts: Sequence[bytes], *, order: str = "<", big: bool = False, ahead: bool = True
) -> bytes:
    """Return a file with *fields* (type and values by number) and strips or tiles; *ahead*: its directory stands before
    them, so that a file that breaks off has it."""
    tiled = 322 in fields
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    start = 16 if big else 8
    counts = [len(part) for part in parts]

    def directory(at: int, first: int) -> bytes:
        places = [first + sum(counts[:number]) for number in range(len(parts))]
        named = {**fields, (324 if tiled else 273): (LONG, places), (325 if tiled else 279): (LONG, counts)}
        return _directory(named, at, order, big=big)

    body = b"".join(parts)
    length = len(directory(0, 0))
    at, first = (start, start + length) if ahead else (start + len(body) + len(body) % 2, start)
    head += struct.pack(f"{order}HHQ", 8, 0, at) if big else struct.pack(f"{order}I", at)
    written = directory(at, first)
    return head + (written + body if ahead else body + bytes(len(body) % 2) + written)


def _directory(fields: Mapping[int, Field], at: int, order: str, *, big: bool) -> bytes:
    size, short, word = (20, 8, "Q") if big else (12, 4, "I")
    values = b""
    entries = struct.pack(f"{order}{'Q' if big else 'H'}", len(fields))
    beyond = at + len(entries) + size * len(fields) + short
    for tag, (kind, given) in sorted(fields.items()):
        raw = given if isinstance(given, bytes) else struct.pack(f"{order}{len(given)}{LAYOUTS[kind]}", *given)
        count = len(raw) // struct.calcsize(f"={LAYOUTS.get(kind, 's')}")
        entries += struct.pack(f"{order}HH{word}", tag, kind, count)
        if len(raw) <= short:
            entries += raw.ljust(short, b"\0")
        else:
            entries += struct.pack(f"{order}{word}", beyond + len(values))
            values += raw + bytes(len(raw) % 2)
    return entries + bytes(short) + values


def shorts(*values: int) -> Field:
    return SHORT, values


def plain(samples: NDArray[Any], photometric: int, more: Mapping[int, Field] = {}, **how: Any) -> bytes:
    """Return a file of *samples*, uncompressed, in strips of 16 rows."""
    height, width, count = samples.shape
    order = how.get("order", "<")
    bits = samples.dtype.itemsize * 8
    stored = samples.astype(samples.dtype.newbyteorder(order))
    fields = {256: (LONG, [width]), 257: (LONG, [height]), 258: shorts(*[bits] * count), 259: shorts(1)}
    fields |= {262: shorts(photometric), 277: shorts(count), 278: shorts(16)}
    parts = [stored[top : top + 16].tobytes() for top in range(0, height, 16)]
    return tiff(fields | dict(more), how.pop("parts", parts), **how)


def tiles(samples: NDArray[Any], photometric: int, size: int = 16, **how: Any) -> bytes:
    """Return a file of square tiles."""
    height, width, _ = samples.shape
    padded = np.pad(samples, ((0, -height % size), (0, -width % size), (0, 0)))
    parts = [
        padded[top : top + size, left : left + size].tobytes()
        for top in range(0, height, size) for left in range(0, width, size)
    ]  # fmt: skip
    fields = {322: shorts(size), 323: shorts(size)}
    return plain(samples, photometric, fields | how.pop("more", {}), parts=how.pop("pack", list)(parts), **how)


def bmp(
    width: int, height: int, bits: int, rows: bytes, *, palette: bytes = b"", compression: int = 0,
    masks: Sequence[int] = (), size: int = 40, colours: int = 0, profile: bytes = b"",
) -> bytes:  # fmt: skip
    """Return a file with the *rows* as they are stored, and a header of *size* bytes."""
    if size == 12:
        header = struct.pack("<IHHHH", size, width, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(rows), 0, 0, colours, 0)
        header = struct.pack("<I", size) + header[4:size] + struct.pack(f"<{len(masks)}I", *masks)
        header = header.ljust(size, b"\0")
        if profile:
            at = size + len(palette) + len(rows)
            header = header[:56] + b"DEBM" + header[60:112] + struct.pack("<II", at, len(profile)) + header[120:]
    at = 14 + len(header) + len(palette)
    whole = header + palette + rows + profile
    return b"BM" + struct.pack("<IHHI", 14 + len(whole), 0, 0, at) + whole


def padded(rows: Sequence[bytes]) -> bytes:
    """Return *rows* with as many bytes each as BMP wants, the last first."""
    return b"".join(row + bytes(-len(row) % 4) for row in reversed(rows))


def ico(*pictures: bytes, sizes: Sequence[tuple[int, int]] = (), kind: int = 1) -> bytes:
    """Return a file of *pictures*, whose directory says *sizes*."""
    at, entries = 6 + 16 * len(pictures), b""
    for number, picture in enumerate(pictures):
        width, height = sizes[number] if sizes else (0, 0)
        entries += struct.pack("<BBBBHHII", width, height, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return struct.pack("<HHH", 0, kind, len(pictures)) + entries + b"".join(pictures)


def icon(width: int, height: int, bits: int, rows: bytes, mask: bytes = b"", palette: bytes = b"") -> bytes:
    """Return a picture as ICO has it: no file header, twice the height, a mask of one bit behind."""
    return bmp(width, height * 2, bits, rows + mask, palette=palette)[14:]
