"""Reads a file's header before the file is decoded: its format from its first bytes, its size, its frames.

Every format that is not listed here is refused, whatever the file is called. The header may lie about the pixels, so
its numbers only bound the work that a decoder is given; the caller must limit the decoder itself.
"""

import re
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from ..errors import MOST_PARTS, BrokenImage, NotAnImage, TooManyParts
from . import bmp, gif, heic, tiff
from .bmp import ico
from .header import Header
from .png import apng

PNG = b"\x89PNG\r\n\x1a\n"
AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis")  # ISO 23008-12, B.4.1; a sequence shows its first picture
SPACES = {1: "grey", 4: "cmyk"}  # the colour space of a JPEG, by the number of its components
PNG_COLOUR, PNG_PALETTE = 2, 3  # the bit of a colour type that means colour; the colour type with a palette
HEVC_CHROMA, HEVC_DEPTH = 0x03, 0x07  # ISO 14496-15, 8.3.3.1.2
AV1_DEEP, AV1_TWELVE, AV1_GREY = 0x40, 0x20, 0x10  # AV1 in ISOBMFF, 2.3.3
CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco"}
SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # start of frame, in all its kinds
ALONE = {0x00, 0x01, *range(0xD0, 0xD9)}  # markers without a length; and 0, which is no marker
MOST_BOXES = 10_000
MORE_FORMATS = ("TIFF", "BMP", "ICO")  # the formats that are accepted only if the operator switches them on
MARKER = re.compile(rb"\xff+[^\xff]", re.DOTALL)


def read_header(data: bytes, more: Collection[str] = ()) -> Header:
    """Return the header of *data*. *more* names those of MORE_FORMATS that are accepted.

    Raises NotAnImage if the format is not accepted, BrokenImage if the header is cut off or invalid.
    """
    for recognises, read in [*READERS, *(MORE_READERS[name] for name in MORE_FORMATS if name in more)]:
        if recognises(data):
            try:
                header = read(data)
            except (struct.error, IndexError):
                raise BrokenImage("the file ends before it says how large the picture is") from None
            except TooManyParts:
                raise BrokenImage(f"the file has more than {MOST_PARTS} parts") from None
            if not (header.pixels and header.frames):
                raise BrokenImage("the picture has no pixels")
            return header
    raise NotAnImage(_refusal(data, more))


def _refusal(data: bytes, more: Collection[str]) -> str:
    """Return why *data* is refused, and which formats are accepted."""
    usual = [word for word in WORDS if word != "HEIC" or heic.available()]
    taken = [*usual, *(name for name in MORE_FORMATS if name in more)]
    named = f"{', '.join(taken[:-1])} or {taken[-1]}"
    for name in MORE_FORMATS:
        if MORE_READERS[name][0](data):
            return f"this is a {name} file, which THUMBNAIL_MORE_FORMATS does not allow here; send a {named} file"
    return f"the first bytes are not those of a {named} file; send one of these formats"


def _jpeg(data: bytes) -> Header:
    at = 2
    for _ in range(MOST_PARTS):
        marked = MARKER.search(data, at)  # bytes between markers are skipped, as decoders do
        if not marked:
            raise IndexError
        marker, at = data[marked.end() - 1], marked.end()
        if marker in ALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in SOF:
            depth, height, width, components = struct.unpack_from(">BHHB", data, at + 2)
            sampling = [data[at + 9 + 3 * number] for number in range(components)]
            coarse = components != 3 or sampling[0] != 0x11 or len(set(sampling)) > 1
            return Header("JPEG", width, height, half=coarse, space=SPACES.get(components, "rgb"), depth=depth)
        at += length
    raise TooManyParts


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise BrokenImage("the PNG has no header")
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    space = "rgb" if colour & PNG_COLOUR else "grey"
    return Header("PNG", width, height, apng.count(data), space=space, depth=depth, palette=colour == PNG_PALETTE)


def _gif(data: bytes) -> Header:
    frames = sum(kind == gif.IMAGE for kind, _ in gif.blocks(data))
    return Header("GIF", *gif.screen(data), frames, palette=True)


def _webp(data: bytes) -> Header:
    width = height = frames = 0
    lossless = False
    for kind, start, _ in _chunks(data, 12):
        if kind == b"VP8X":
            width, height = _three(data, start + 4) + 1, _three(data, start + 7) + 1
        elif kind == b"ANMF":
            frames += 1
            width = max(width, _three(data, start + 6) + 1)
            height = max(height, _three(data, start + 9) + 1)
        elif kind == b"VP8 " and not frames:
            across, down = struct.unpack_from("<HH", data, start + 6)
            width, height = max(width, across & 0x3FFF), max(height, down & 0x3FFF)
        elif kind == b"VP8L" and not frames:
            lossless = True
            (bits,) = struct.unpack_from("<I", data, start + 1)
            width, height = max(width, (bits & 0x3FFF) + 1), max(height, (bits >> 14 & 0x3FFF) + 1)
    return Header("WEBP", width, height, max(frames, 1), lossless=lossless)


def _chunks(data: bytes, at: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(MOST_PARTS):
        if at + 8 > len(data):
            return
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], at + 8, length
        at += 8 + length + (length & 1)
    raise TooManyParts


def _three(data: bytes, at: int) -> int:
    return struct.unpack_from("<I", data[at : at + 3] + b"\0")[0]  # type: ignore[no-any-return]


def _avif(data: bytes) -> Header:
    """Return the largest extent (ispe) of any item, thumbnails and tiles included, or the size of a track (tkhd).

    The number of frames is the track's number of samples (stsz); depth and colours are those in av1C.
    """
    sizes, frames, depth, grey = [(0, 0)], 1, 8, []
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"ispe" and end - start >= 12:
            sizes.append(struct.unpack_from(">II", data, start + 4))
        elif kind == b"tkhd" and end - start >= 8:
            across, down = struct.unpack_from(">II", data, end - 8)
            sizes.append((across >> 16, down >> 16))
        elif kind == b"stsz" and end - start >= 12:
            frames = max(frames, *struct.unpack_from(">I", data, start + 8))
        elif kind == b"av1C" and end - start >= 4:
            flags = data[start + 2]
            depth = max(depth, 8 if not flags & AV1_DEEP else 12 if flags & AV1_TWELVE else 10)
            grey.append(bool(flags & AV1_GREY))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    space = "grey" if grey and all(grey) else "rgb"  # alpha is a picture of its own, in grey
    return Header("AVIF", width, height, frames, space=space, depth=depth)


def _heic(data: bytes) -> Header:
    if not heic.available():
        raise NotAnImage("this is a HEIC file, and the extra [heic] is not installed here")
    sizes, depth, grey = [(0, 0)], 8, []
    for kind, start, end in boxes(data, 0, len(data)):
        if kind == b"ispe" and end - start >= 12:
            sizes.append(struct.unpack_from(">II", data, start + 4))
        elif kind == b"hvcC" and end - start >= 18:
            grey.append(not data[start + 16] & HEVC_CHROMA)
            depth = max(depth, 8 + (data[start + 17] & HEVC_DEPTH))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Header("HEIF", width, height, space="grey" if grey and all(grey) else "rgb", depth=depth)


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes (ISO 14496-12, 4.2) from *at* to *end* and those in containers.

    Each is its kind, and the start and end offsets of its content. At most MOST_BOXES are read.
    """
    pending, seen = [(at, end)], 0
    while pending and seen < MOST_BOXES:
        at, end = pending.pop()
        while at + 8 <= end and seen < MOST_BOXES:
            seen += 1
            length, kind = struct.unpack_from(">I4s", data, at)
            start = at + 8
            if length == 1:
                if start + 8 > end:
                    break
                (length,) = struct.unpack_from(">Q", data, start)
                start += 8
            stop = min(at + length, end) if length else end
            if stop < start:
                break
            yield kind, start, stop
            if kind in CONTAINERS or kind == b"meta":
                pending.append((start + 4 * (kind == b"meta"), stop))
            at = stop


def _is_branded(names: Sequence[bytes]) -> Callable[[bytes], bool]:
    """Return a function that recognises files with one of these brands (ISO 14496-12, 4.3)."""

    def recognises(data: bytes) -> bool:
        if data[4:8] != b"ftyp":
            return False
        (length,) = struct.unpack_from(">I", data)
        brands = data[8 : min(length, 256)]
        return any(brands[at : at + 4] in names for at in range(0, len(brands), 4))

    return recognises


def _tiff(data: bytes) -> Header:
    """Return the header of the first page."""
    page = tiff.Page(data)
    space = "grey" if page.colours == 1 else "cmyk" if page.colours == 4 else "rgb"
    palette = page.photometric == tiff.PALETTE
    return Header("TIFF", page.width, page.height, space="rgb" if palette else space, depth=page.depth, palette=palette)


def _bmp(data: bytes) -> Header:
    return _of_bitmap("BMP", bmp.read(data))


def _ico(data: bytes) -> Header:
    """Return the header of the largest picture."""
    icon = ico.largest(data)
    if icon.is_png:
        return replace(_png(icon.data), format="ICO", frames=1)
    return _of_bitmap("ICO", bmp.of_icon(icon.data))


def _of_bitmap(format: str, found: bmp.Bitmap) -> Header:
    return Header(format, found.width, found.height, depth=found.depth, palette=found.indexed)


def _is_bmp(data: bytes) -> bool:
    """Return whether *data* is a BMP. Two letters prove little, so the size of the next header must be known too."""
    return data[:2] == b"BM" and (len(data) < 18 or int.from_bytes(data[14:18], "little") in bmp.SIZES)


Reader = tuple[Callable[[bytes], bool], Callable[[bytes], Header]]
READERS: tuple[Reader, ...] = (
    (lambda data: data[:3] == b"\xff\xd8\xff", _jpeg),
    (lambda data: data[:8] == PNG, _png),
    (lambda data: data[:6] in (b"GIF87a", b"GIF89a"), _gif),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    (_is_branded(AVIF_BRANDS), _avif),
    (_is_branded(HEIC_BRANDS), _heic),
)
WORDS = ("JPEG", "PNG", "GIF", "WebP", "AVIF", "HEIC")
MORE_READERS: dict[str, Reader] = {
    "TIFF": (lambda data: data[:4] in tiff.MAGIC, _tiff),
    "BMP": (_is_bmp, _bmp),
    "ICO": (lambda data: data[:4] == ico.MAGIC, _ico),
}
