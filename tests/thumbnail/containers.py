"""AVIF files put together box by box: with a thumbnail beside the picture, or of tiles."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.thumbnail import pictures
from tests.thumbnail.pictures import Pixels


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def inside(data: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + length]
        at += length


def parts(picture: Pixels) -> tuple[list[bytes], bytes]:
    """Return what Pillow says of *picture* in an AVIF, as property boxes, and its pixels as AV1."""
    top = dict(inside(pictures.file(picture, "AVIF")))
    properties = dict(inside(dict(inside(top[b"meta"], 12))[b"iprp"], 8))
    return [whole for _, whole in inside(properties[b"ipco"], 8)], top[b"mdat"][8:]


@dataclass(frozen=True)
class Item:
    """One item of a file: what it is, how it is described, its bytes; what it refers to, by number from 1."""

    kind: bytes
    properties: list[bytes]
    data: bytes
    refers: tuple[bytes, tuple[int, ...]] = (b"", ())


def avif(items: list[Item], *, wide: bool = False) -> bytes:
    """Return a file of which the first of *items* is the picture; *wide*: where it matters numbers have four bytes."""
    number = ">I" if wide else ">H"
    entries, associations, references, properties = b"", b"", b"", b""
    count = 0
    for item, about in enumerate(items, 1):
        entries += full(b"infe", struct.pack(">HH", item, 0), about.kind, b"x\0", version=2, flags=int(item > 1))
        associations += struct.pack(">HB", item, len(about.properties))
        for whole in about.properties:
            count += 1
            associations += bytes([count | (0x80 if whole[4:8] == b"av1C" else 0)])
            properties += whole
        name, others = about.refers
        if others:
            to = b"".join(struct.pack(number, other) for other in others)
            references += box(name, struct.pack(number, item), struct.pack(">H", len(others)), to)

    def meta(offset: int) -> bytes:
        places, at = b"", offset
        for item, about in enumerate(items, 1):
            places += struct.pack(">HHHII", item, 0, 1, at, len(about.data))
            at += len(about.data)
        return full(
            b"meta",
            full(b"hdlr", bytes(4) + b"pict" + bytes(13)),
            full(b"pitm", struct.pack(number, 1), version=int(wide)),
            full(b"iloc", struct.pack(">HH", 0x4400, len(items)), places),
            full(b"iinf", struct.pack(">H", len(items)), entries),
            full(b"iref", references, version=int(wide)),
            box(b"iprp", box(b"ipco", properties), full(b"ipma", struct.pack(">I", len(items)), associations)),
        )

    head = box(b"ftyp", b"avif" + bytes(4) + b"avifmif1miaf")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", *(about.data for about in items))


def avif_with_thumbnail(picture: Pixels, small: Pixels, *, wide: bool = False, broken: bool = False) -> bytes:
    """Return an AVIF of *picture* that has *small* as its thumbnail."""
    (about, data), (small_about, small_data) = parts(picture), parts(small)
    thumbnail = Item(b"av01", small_about, bytes(len(small_data)) if broken else small_data, (b"thmb", (1,)))
    return avif([Item(b"av01", about, data), thumbnail], wide=wide)


def avif_grid(tiles: list[list[Pixels]]) -> bytes:
    """Return an AVIF of *tiles*, rows of pictures of one size."""
    height, width, _ = tiles[0][0].shape
    down, across = len(tiles), len(tiles[0])
    size = struct.pack(">HH", across * width, down * height)
    grid = struct.pack(">BBBB", 0, 0, down - 1, across - 1) + size
    items = [Item(b"av01", *parts(tile)) for row in tiles for tile in row]
    about = [whole for whole in items[0].properties if whole[4:8] in (b"pixi", b"colr")]
    extent = full(b"ispe", struct.pack(">II", across * width, down * height))
    numbers = tuple(range(2, len(items) + 2))
    return avif([Item(b"grid", [extent, *about], grid, (b"dimg", numbers)), *items])
