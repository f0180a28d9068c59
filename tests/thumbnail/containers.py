"""AVIF files put together box by box: with a thumbnail beside the picture."""

import struct
from collections.abc import Iterator

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


def avif_with_thumbnail(picture: Pixels, small: Pixels, *, wide: bool = False, broken: bool = False) -> bytes:
    """Return an AVIF of *picture* that has *small* as its thumbnail; *wide*: item numbers have four bytes."""
    files = [parts(picture), parts(small)]
    data = [body for _, body in files]
    if broken:
        data[1] = bytes(len(data[1]))
    number = ">I" if wide else ">H"
    entry = [full(b"infe", struct.pack(">HH", item, 0), b"av01", b"x\0", version=2) for item in (1, 2)]
    properties = [found for found, _ in files]
    indexes = [range(1, len(properties[0]) + 1), range(len(properties[0]) + 1, len(properties[0] + properties[1]) + 1)]
    associations = b"".join(
        struct.pack(">HB", item, len(index))
        + bytes(number | (0x80 if body[4:8] == b"av1C" else 0) for number, body in zip(index, found, strict=True))
        for item, index, found in zip((1, 2), indexes, properties, strict=True)
    )
    reference = box(b"thmb", struct.pack(number, 2), struct.pack(">H", 1), struct.pack(number, 1))

    def meta(offset: int) -> bytes:
        places, at = b"", offset
        for item, body in zip((1, 2), data, strict=True):
            places += struct.pack(">HHHII", item, 0, 1, at, len(body))
            at += len(body)
        return full(
            b"meta",
            full(b"hdlr", bytes(4) + b"pict" + bytes(13)),
            full(b"pitm", struct.pack(number, 1), version=int(wide)),
            full(b"iloc", struct.pack(">HH", 0x4400, 2), places),
            full(b"iinf", struct.pack(">H", 2), *entry),
            full(b"iref", reference, version=int(wide)),
            box(
                b"iprp", box(b"ipco", *properties[0], *properties[1]), full(b"ipma", struct.pack(">I", 2), associations)
            ),
        )

    head = box(b"ftyp", b"avif" + bytes(4) + b"avifmif1miaf")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", *data)
