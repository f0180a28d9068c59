"""Files as they come out of broken uploads, disks and programs: each damage is a function from a whole file of one
format to a damaged one. What becomes of each is said in the service's README; KINDS is that table."""

import functools
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageCms

from mergepoint.thumbnail import Limits
from mergepoint.thumbnail.files.tiff import Page
from tests.thumbnail import heic, pictures, tiffs
from tests.thumbnail.bombs import PNG_HEAD, chunk
from tests.thumbnail.containers import box

WIDTH, HEIGHT = 96, 64
LIMITS = Limits(more_formats=("TIFF", "BMP", "ICO"))
Outcome = Literal["whole", "harmless", "missing", "broken"]
"""What becomes of it: as if nothing was wrong, also with ``strict=1``; all pixels; some; none."""


@functools.cache
def photograph() -> pictures.Pixels:
    return pictures.photograph(WIDTH, HEIGHT)


@functools.cache
def whole(kind: str) -> bytes:
    """Return a file that nothing is wrong with."""
    exif = Image.Exif()
    exif[0x0131] = "a program"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made: dict[str, Callable[[], bytes]] = {
        "JPEG": lambda: pictures.file(photograph(), "JPEG", exif=exif, icc_profile=icc),
        "progressive JPEG": lambda: pictures.file(photograph(), "JPEG", progressive=True),
        "JPEG with restarts": lambda: pictures.file(photograph(), "JPEG", restart_marker_rows=1),
        "PNG": _png,
        "interlaced PNG": lambda: _png(interlaced=True),
        "palette PNG": lambda: pictures.saved(Image.fromarray(photograph()).quantize(64), "PNG"),
        "APNG": lambda: pictures.moving("PNG", 4, WIDTH, HEIGHT),
        "GIF": lambda: pictures.saved(Image.fromarray(photograph()).quantize(64), "GIF", interlace=0),
        "interlaced GIF": lambda: pictures.saved(Image.fromarray(photograph()).quantize(64), "GIF", interlace=1),
        "moving GIF": lambda: pictures.moving("GIF", 4, WIDTH, HEIGHT),
        "WebP": lambda: pictures.file(photograph(), "WEBP", exif=exif, icc_profile=icc),
        "lossless WebP": lambda: pictures.file(photograph(), "WEBP", lossless=True),
        "plain WebP": lambda: pictures.file(photograph(), "WEBP"),
        "moving WebP": lambda: pictures.moving("WEBP", 4, WIDTH, HEIGHT),
        "AVIF": lambda: pictures.file(photograph(), "AVIF", exif=exif, icc_profile=icc),
        "moving AVIF": lambda: pictures.moving("AVIF", 4, WIDTH, HEIGHT),
        "HEIC": lambda: heic.PHOTOGRAPH,
        "TIFF": lambda: tiffs.plain(photograph(), 2),
        "TIFF by Deflate": lambda: _tiff(zlib.compress),
        "TIFF of one strip": lambda: _tiff(zlib.compress, HEIGHT),
        "TIFF by LZW": lambda: _ahead(compression="tiff_lzw"),
        "TIFF by JPEG": lambda: _ahead(compression="jpeg", quality=95),
        "TIFF of tiles": lambda: tiffs.tiles(photograph(), 2, more={259: tiffs.shorts(8)}, pack=_packed),
        "TIFF of planes": lambda: tiffs.plain(photograph(), 2, {284: tiffs.shorts(2)}, parts=_planes()),
        "BMP": lambda: pictures.file(photograph(), "BMP"),
        "BMP in runs": lambda: _bmp_in_runs(),
        "ICO": lambda: tiffs.ico(tiffs.icon(WIDTH, HEIGHT, 24, _bgr(), bytes(HEIGHT * 12))),
        "ICO of a PNG": lambda: tiffs.ico(pictures.file(pictures.plain(16, 16, (1, 2, 3))), _png()),
    }
    return made[kind]()


def _packed(parts: Sequence[bytes]) -> list[bytes]:
    return [zlib.compress(part) for part in parts]


def _tiff(pack: Callable[[bytes], bytes], rows: int = 16) -> bytes:
    parts = [pack(photograph()[top : top + rows].tobytes()) for top in range(0, HEIGHT, rows)]
    return tiffs.plain(photograph(), 2, {259: tiffs.shorts(8), 278: tiffs.shorts(rows)}, parts=parts)


def _ahead(**how: Any) -> bytes:
    """Return a TIFF as libtiff writes it, with its directory before the pixels."""
    written = Page(pictures.saved(Image.fromarray(photograph()), "TIFF", strip_size=WIDTH * 3 * 16, **how))
    parts = [written.data[part.at : part.at + part.count] for part in written.parts]
    tables = {347: (7, written.bytes_of(347))} if written.bytes_of(347) else {}
    fields = {259: tiffs.shorts(written.compression), 262: tiffs.shorts(written.photometric)}
    return tiffs.plain(photograph(), 2, fields | tables | {278: tiffs.shorts(written.band)}, parts=parts)


def _planes() -> list[bytes]:
    tops = range(0, HEIGHT, 16)
    return [
        np.ascontiguousarray(photograph()[top : top + 16, :, plane]).tobytes() for plane in range(3) for top in tops
    ]


def _bgr() -> bytes:
    return tiffs.padded([row[:, ::-1].tobytes() for row in photograph()])


def _bmp_in_runs() -> bytes:
    few = Image.fromarray(photograph()).quantize(64)
    colours = np.asarray(few.getpalette()).reshape(-1, 3)[:, ::-1]
    palette = b"".join(bytes([*map(int, colour), 0]) for colour in colours)
    rows = np.asarray(few)[::-1]
    runs = b"".join(b"".join(bytes([1, index]) for index in row) + b"\0\0" for row in rows) + b"\0\1"
    return tiffs.bmp(WIDTH, HEIGHT, 8, runs, palette=palette, compression=1, colours=len(colours))


def _png(*, interlaced: bool = False) -> bytes:
    """With notes before the pixels and after, and the pixels in several chunks."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, interlaced))
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    order = passes if interlaced else ((0, 0, 1, 1),)
    rows = [row for left, top, across, down in order for row in photograph()[top::down, left::across]]
    data = zlib.compress(b"".join(b"\0" + np.ascontiguousarray(row).tobytes() for row in rows))
    size = len(data) // 5 + 1
    parts = [chunk(b"IDAT", data[start : start + size]) for start in range(0, len(data), size)]
    icc = chunk(b"iCCP", b"icc\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))
    notes = chunk(b"tEXt", b"Software\0a program")
    return PNG_HEAD + head + icc + notes + b"".join(parts) + notes + chunk(b"IEND", b"")


def _patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def flipped(data: bytes, at: int) -> bytes:
    """Return *data* with other bits at *at*."""
    return _patched(data, at, bytes([data[at] ^ 0xFF]))


def cut(part: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * part)]


def without_last(count: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:-count]


def followed_by(more: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data + more


# PNG


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk."""
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], at, end
        at = end


def bad_crc(name: bytes, number: int = 0) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        ends = [end for kind, _, end in chunks(data) if kind == name]
        return flipped(data, ends[number] - 1)

    return damage


def cut_in(name: bytes, number: int = 0, after: int = 10) -> Callable[[bytes], bytes]:
    """Return what ends a file so many bytes after the start of a chunk."""

    def damage(data: bytes) -> bytes:
        return data[: [start for kind, start, _ in chunks(data) if kind == name][number] + after]

    return damage


def cut_before(name: bytes) -> Callable[[bytes], bytes]:
    return cut_in(name, 0, 0)


def _pixels_changed(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return what changes the compressed pixels, in one chunk with a right checksum."""

    def damage(data: bytes) -> bytes:
        found = list(chunks(data))
        compressed = b"".join(data[start + 8 : end - 4] for kind, start, end in found if kind == b"IDAT")
        first = next(start for kind, start, _ in found if kind == b"IDAT")
        return data[:first] + chunk(b"IDAT", change(compressed)) + chunk(b"IEND", b"")

    return damage


def without_chunk(name: bytes, number: int = 0) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = [(start, end) for kind, start, end in chunks(data) if kind == name][number]
        return data[:start] + data[end:]

    return damage


def with_chunk(new: bytes, before: bytes) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        at = next(start for kind, start, _ in chunks(data) if kind == before)
        return data[:at] + new + data[at:]

    return damage


def zeroed_chunk(name: bytes, number: int) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = [(start, end) for kind, start, end in chunks(data) if kind == name][number]
        return data[: start + 8] + bytes(end - start - 8) + data[end:]

    return damage


def text_among_pixels(data: bytes) -> bytes:
    at = [end for kind, _, end in chunks(data) if kind == b"IDAT"][1]
    return data[:at] + chunk(b"tEXt", b"a\0b") + data[at:]


# JPEG


def _scan(data: bytes) -> int:
    """Return where the compressed pixels begin."""
    at = data.index(b"\xff\xda")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def before_marker(marker: bytes, junk: bytes) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        at = data.index(marker)
        return data[:at] + junk + data[at:]

    return damage


def cut_scan(part: float, ending: bytes = b"") -> Callable[[bytes], bytes]:
    """Return what ends a file in its first scan."""

    def damage(data: bytes) -> bytes:
        start = _scan(data)
        return data[: start + int((len(data) - start) * part)] + ending

    return damage


def junk_in_scan(data: bytes) -> bytes:
    at = _scan(data) + (len(data) - _scan(data)) // 2
    return _patched(data, at, b"\x55\xaa" * 20)


def bad_segment(marker: bytes) -> Callable[[bytes], bytes]:
    """Return what makes nonsense of a segment."""

    def damage(data: bytes) -> bytes:
        at = data.index(marker)
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        return _patched(data, at + 4 + 6, bytes(range(7, 256)) * 20)[: at + 2 + length] + data[at + 2 + length :]

    return damage


def cut_after_scans(count: int) -> Callable[[bytes], bytes]:
    """Return what ends a progressive file after so many scans."""

    def damage(data: bytes) -> bytes:
        at = -1
        for _ in range(count + 1):
            at = data.index(b"\xff\xda", at + 1)
        return data[: data.rindex(b"\xff\xc4", 0, at)]

    return damage


def without_restart(data: bytes) -> bytes:
    """One restart interval is lost."""
    start = data.index(b"\xff\xd1", _scan(data))
    return data[:start] + data[data.index(b"\xff\xd2", start) :]


# GIF


def _image(data: bytes, number: int = 0) -> int:
    """Return where the image descriptor of a frame stands."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    seen = 0
    while True:
        if data[at] == 0x2C:
            if seen == number:
                return at
            seen += 1
            at = _after(data, at + 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0))
        else:
            at = _after(data, at + 2)


def _after(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _codes(data: bytes, number: int = 0) -> int:
    """Return where the first block of a frame's codes begins."""
    at = _image(data, number)
    return at + 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0)


def cut_frame(number: int, part: float, ending: bytes = b"") -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start = _codes(data, number)
        return data[: start + int((_after(data, start) - start) * part)] + ending

    return damage


def bad_codes(number: int) -> Callable[[bytes], bytes]:
    """Return what puts impossible codes into the middle of a frame."""

    def damage(data: bytes) -> bytes:
        start = _codes(data, number)
        block = start
        while block - start < (_after(data, start) - start) // 2 and data[block]:
            block += data[block] + 1
        return _patched(data, block + 1, b"\xff" * max(1, data[block] - 1))

    return damage


def junk_between_blocks(data: bytes) -> bytes:
    at = _image(data)
    return data[:at] + b"\1\2\3" + data[at:]


def bad_disposal(data: bytes) -> bytes:
    at = data.index(b"\x21\xf9\x04")
    return _patched(data, at + 3, bytes([7 << 2]))


# WebP


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at, at + 8 + length + length % 2
        at += 8 + length + length % 2


def riff_size(change: int) -> Callable[[bytes], bytes]:
    return lambda data: _patched(data, 4, struct.pack("<I", struct.unpack_from("<I", data, 4)[0] + change))


def cut_riff(name: bytes, part: float, number: int = 0) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = [(start, end) for kind, start, end in riff_chunks(data) if kind == name][number]
        return data[: start + 8 + int((end - start - 8) * part)]

    return damage


def bad_riff(name: bytes, number: int = 0, at: float = 0.5, size: int = 30) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = [(start, end) for kind, start, end in riff_chunks(data) if kind == name][number]
        return _patched(data, start + 8 + int((end - start - 8) * at), (b"\x55\xaa\xff" * 20)[:size])

    return damage


# AVIF


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], at, at + length
        at += length


def box_size(name: bytes, change: int) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = next((start, end) for kind, start, end in boxes(data) if kind == name)
        return _patched(data, start, struct.pack(">I", end - start + change))

    return damage


def cut_box(name: bytes, part: float) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        start, end = next((start, end) for kind, start, end in boxes(data) if kind == name)
        return data[: start + 8 + int((end - start - 8) * part)]

    return damage


@dataclass(frozen=True)
class Kind:
    """A *damage* to the file *of* that name, and what becomes of it."""

    of: str
    name: str
    damage: Callable[[bytes], bytes]
    outcome: Outcome

    @property
    def data(self) -> bytes:
        return self.damage(whole(self.of))

    def __str__(self) -> str:
        return f"{self.of}: {self.name}"


def table(of: str, rows: dict[str, tuple[Callable[[bytes], bytes], Outcome]]) -> list[Kind]:
    return [Kind(of, name, damage, outcome) for name, (damage, outcome) in rows.items()]


JUNK = b"\1\2\3"
JPEG_KINDS = {
    "no last byte": (without_last(1), "harmless"),
    "no end marker": (without_last(2), "harmless"),
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "zeros after the end": (followed_by(bytes(5000)), "whole"),
    "the last tenth cut off": (cut_scan(0.9), "missing"),
    "half cut off": (cut_scan(0.5), "missing"),
    "an early end marker": (cut_scan(0.5, b"\xff\xd9"), "missing"),
    "cut off in the first row": (cut_scan(0.005), "broken"),
    "cut off before the pixels": (cut_scan(0), "broken"),
    "cut off in a table": (lambda data: data[: data.index(b"\xff\xdb") + 10], "broken"),
    "bytes before a table": (before_marker(b"\xff\xdb", JUNK), "harmless"),
    "bytes before the pixels": (before_marker(b"\xff\xda", JUNK), "harmless"),
    "fill bytes before a marker": (before_marker(b"\xff\xdb", b"\xff\xff"), "whole"),
}
NOTES = {
    "a broken profile": (bad_segment(b"\xff\xe2"), "whole"),
    "broken EXIF": (bad_segment(b"\xff\xe1"), "whole"),
    "broken Huffman tables": (bad_segment(b"\xff\xc4"), "broken"),
    "other pixels": (junk_in_scan, "harmless"),
    "bytes before the end marker": (before_marker(b"\xff\xd9", JUNK), "harmless"),
}
PNG_KINDS = {
    "a wrong checksum of a text": (bad_crc(b"tEXt"), "harmless"),
    "a wrong checksum of a text after the pixels": (bad_crc(b"tEXt", 1), "harmless"),
    "a wrong checksum of the profile": (bad_crc(b"iCCP"), "harmless"),
    "a wrong checksum of the header": (bad_crc(b"IHDR"), "broken"),
    "a wrong checksum of the pixels": (bad_crc(b"IDAT", 1), "harmless"),
    "a wrong checksum of the end": (bad_crc(b"IEND"), "harmless"),
    "no end": (without_last(12), "harmless"),
    "no last byte": (without_last(1), "harmless"),
    "cut off in a text after the pixels": (cut_in(b"tEXt", 1), "harmless"),
    "cut off in the pixels": (cut_in(b"IDAT", 2, 300), "missing"),
    "cut off in the head of a chunk": (cut_in(b"IDAT", 2, 5), "missing"),
    "cut off in the first row": (cut_in(b"IDAT", 0, 18), "broken"),
    "cut off before the pixels": (cut_before(b"IDAT"), "broken"),
    "a wrong checksum of zlib": (_pixels_changed(lambda data: data[:-4] + bytes(4)), "harmless"),
    "no checksum of zlib": (_pixels_changed(lambda data: data[:-4]), "harmless"),
    "half of the compressed pixels": (_pixels_changed(lambda data: data[: len(data) // 2]), "missing"),
    "bytes after the compressed pixels": (_pixels_changed(lambda data: data + b"junk"), "whole"),
    "zeros among the compressed pixels": (zeroed_chunk(b"IDAT", 2), "missing"),
    "a chunk of pixels lost": (without_chunk(b"IDAT", 2), "missing"),
    "a text among the pixels": (text_among_pixels, "harmless"),
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "bytes between chunks": (with_chunk(JUNK, b"IDAT"), "broken"),
    "an unknown critical chunk": (with_chunk(chunk(b"ABCD", b"x"), b"IDAT"), "whole"),
    "a text that becomes too much": (
        with_chunk(chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(3 << 20))), b"IDAT"), "harmless",
    ),
    "a text compressed in an unknown way": (
        with_chunk(chunk(b"zTXt", b"x\0\7" + zlib.compress(bytes(30))), b"IDAT"), "harmless",
    ),
}  # fmt: skip
PALETTE_KINDS = {
    "no palette": (without_chunk(b"PLTE"), "broken"),
    "a wrong checksum of the palette": (bad_crc(b"PLTE"), "broken"),
    "cut off in the pixels": (cut_in(b"IDAT", 0, 1500), "missing"),
}
GIF_KINDS = {
    "no last byte": (without_last(1), "harmless"),
    "no end of the pixels": (without_last(2), "harmless"),
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "half of the pixels": (cut_frame(0, 0.5), "missing"),
    "half of the pixels and an end": (cut_frame(0, 0.5, b"\0;"), "missing"),
    "cut off in the first row": (cut_frame(0, 0.02), "broken"),
    "cut off before the pixels": (cut_frame(0, 0), "broken"),
    "a code that there is not": (bad_codes(0), "missing"),
    "bytes between blocks": (junk_between_blocks, "whole"),
    "codes of too many bits": (lambda data: _patched(data, _codes(data) - 1, b"\x0d"), "broken"),
    "cut off in the palette": (lambda data: data[:60], "broken"),
    "cut off where a frame is placed": (lambda data: data[: _image(data) + 5], "broken"),
}
RIFF_KINDS = {
    "a size that is too large": (riff_size(1000), "harmless"),
    "a size that is too small": (riff_size(-4), "harmless"),
    "a size of nothing": (lambda data: _patched(data, 4, bytes(4)), "harmless"),
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "an unknown chunk at the end": (followed_by(b"ABCD\4\0\0\0abcd"), "whole"),
}


def webp_kinds(name: bytes) -> dict[str, tuple[Callable[[bytes], bytes], Outcome]]:
    return {
        **RIFF_KINDS,
        "the last tenth cut off": (cut_riff(name, 0.9), "missing"),
        "half cut off": (cut_riff(name, 0.5), "missing"),
        "cut off in the first row": (cut_riff(name, 0.02), "broken"),
        "cut off before the pixels": (cut_riff(name, 0), "broken"),
    }


def cut_part(number: int, part: float) -> Callable[[bytes], bytes]:
    """Return what ends a TIFF within a strip or tile."""

    def damage(data: bytes) -> bytes:
        strip = Page(data).parts[number]
        return data[: strip.at + int(strip.count * part)]

    return damage


def bad_part(number: int, at: float = 0.5) -> Callable[[bytes], bytes]:
    """Return what puts nonsense into a strip or tile."""

    def damage(data: bytes) -> bytes:
        strip = Page(data).parts[number]
        return _patched(data, strip.at + int(strip.count * at), b"\xff" * min(40, strip.count // 2))

    return damage


def beyond(tag: int, number: int) -> Callable[[bytes], bytes]:
    """Return what sends a strip's or tile's offset or size far out of the file."""

    def damage(data: bytes) -> bytes:
        places = Page(data).entries[tag].raw
        return _patched(data, data.index(places) + 4 * number, b"\xff\xff\xff\xff")

    return damage


TIFF_KINDS = {
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "cut off in the directory": (lambda data: data[:40], "broken"),
    "no pixels": (cut_part(0, 0), "broken"),
}
STRIPS = TIFF_KINDS | {
    "the last strip cut off": (cut_part(3, 0), "missing"),
    "a strip cut in the middle": (cut_part(1, 0.5), "missing"),
    "no last byte": (without_last(1), "missing"),
    "a strip out of the file": (beyond(273, 2), "missing"),
}
TILES = TIFF_KINDS | {
    "a tile cut in the middle": (cut_part(10, 0.5), "missing"),
    "the last tile cut off": (cut_part(23, 0), "missing"),
    "a tile out of the file": (beyond(324, 13), "missing"),
    "a tile that is nonsense": (bad_part(13, 0), "missing"),
}
BMP_KINDS = {
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "half cut off": (cut(0.5), "missing"),
    "no last byte": (without_last(1), "missing"),
    "cut off before the pixels": (cut(0.001), "broken"),
    "a wrong size of the file": (lambda data: _patched(data, 2, b"\xff\xff\xff\xff"), "whole"),
}
AVIF_KINDS = {
    "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    "an unknown box at the end": (followed_by(box(b"abcd", b"abcd")), "whole"),
    "a last box that is too long": (box_size(b"mdat", 1000), "harmless"),
    "a last box that is too short": (box_size(b"mdat", -4), "whole"),
    "the last tenth cut off": (cut_box(b"mdat", 0.9), "missing"),
    "cut off before the pixels": (cut_box(b"mdat", 0), "broken"),
    "cut off where it is described": (cut_box(b"meta", 0.5), "broken"),
    "a description of another size": (box_size(b"meta", 4), "broken"),
}
HEIC_KINDS = {
    **{name: AVIF_KINDS[name] for name in AVIF_KINDS if name not in ("a last box that is too short",)},
    "no last byte": (without_last(1), "harmless"),
    "the last fifth cut off": (cut_box(b"mdat", 0.8), "missing"),
}
KINDS = [
    *table("JPEG", JPEG_KINDS | NOTES),
    *table("progressive JPEG", JPEG_KINDS | {"all but one scan cut off": (cut_after_scans(1), "missing")}),
    *table("JPEG with restarts", JPEG_KINDS | {"an interval lost": (without_restart, "missing")}),
    *table("PNG", PNG_KINDS),
    *table("interlaced PNG", PNG_KINDS),
    *table("palette PNG", PALETTE_KINDS),
    *table("GIF", GIF_KINDS),
    *table("interlaced GIF", GIF_KINDS),
    *table("WebP", webp_kinds(b"VP8 ")),
    *table("WebP", {
        "a broken profile": (bad_riff(b"ICCP", at=0, size=50), "whole"),
        "broken EXIF": (bad_riff(b"EXIF", at=0, size=20), "whole"),
        "no head of the pixels": (bad_riff(b"VP8 ", at=0, size=5), "broken"),
        "cut off in EXIF": (cut_riff(b"EXIF", 0.5), "harmless"),
    }),
    *table("lossless WebP", webp_kinds(b"VP8L") | {"other pixels": (bad_riff(b"VP8L"), "missing")}),
    *table("AVIF", AVIF_KINDS),
    *table("HEIC", HEIC_KINDS),
    *table("TIFF", STRIPS),
    *table("TIFF by Deflate", STRIPS | {"a strip that is nonsense": (bad_part(2), "missing")}),
    *table("TIFF by LZW", STRIPS | {
        "a strip that is nonsense": (bad_part(2), "missing"),
        "no last byte": (without_last(1), "harmless"),
    }),
    *table("TIFF by JPEG", STRIPS | {"no last byte": (without_last(1), "harmless")}),
    *table("TIFF of one strip", TIFF_KINDS | {
        "half cut off": (cut(0.5), "missing"),
        "a strip that is nonsense": (bad_part(0, 0), "broken"),
    }),
    *table("TIFF of tiles", TILES),
    *table("TIFF of planes", TIFF_KINDS | {
        "the last plane cut": (cut(0.9), "missing"),
        "the last plane missing": (cut_part(8, 0), "broken"),
    }),
    *table("BMP", BMP_KINDS),
    *table("BMP in runs", BMP_KINDS | {
        "no last byte": (without_last(1), "harmless"),
        "no end": (without_last(2), "harmless"),
        "no end of the last line": (without_last(4), "harmless"),
    }),
    *table("ICO", {
        "half cut off": (cut(0.5), "missing"),
        "cut off in the mask": (without_last(10), "harmless"),
        "cut off in the directory": (lambda data: data[:20], "broken"),
        "cut off before the pixels": (lambda data: data[:22], "broken"),
    }),
    *table("ICO of a PNG", {
        "half cut off": (cut(0.5), "missing"),
        "a wrong size in the directory": (lambda data: _patched(data, 6, b"\5\5"), "whole"),
        "bytes after the end": (followed_by(b"junk" * 99), "whole"),
    }),
]  # fmt: skip
"""Damage to the first frame, or to a still picture."""
MOVING_KINDS = [
    *table("moving GIF", {
        "the last frame cut off": (cut_frame(3, 0.5), "missing"),
        "bytes between blocks": (junk_between_blocks, "whole"),
        "an unknown disposal": (bad_disposal, "whole"),
        "no last byte": (without_last(1), "harmless"),
    }),
    *table("moving WebP", RIFF_KINDS),
    *table("moving WebP", {"the last frame cut off": (cut_riff(b"ANMF", 0.5, 3), "missing")}),
]  # fmt: skip
"""Damage to the later frames of an animation, all of which are wanted."""
