"""Files that mean harm: small ones that announce or become much, broken ones, and others in disguise."""

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.thumbnail import pictures, tiffs

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *more: bytes, depth: int = 8, colour: int = 2, data: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG_HEAD + header + b"".join(more) + chunk(b"IDAT", data or zlib.compress(b"\0")) + chunk(b"IEND", b"")


def huge_png() -> bytes:
    """65 bytes that claim 65535 × 65535."""
    return png(65535, 65535, data=b"x" * 8)[:65]


def one_bit_png() -> bytes:
    """30 KB that are 49 million pixels: within the limit, and to be done."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(7000 // 8)
    data = b"".join(packer.compress(row) for _ in range(7000)) + packer.flush()
    return png(7000, 7000, depth=1, colour=0, data=data)


def one_bit_png_beyond() -> bytes:
    return png(30_000, 30_000, depth=1, colour=0, data=zlib.compress(bytes(1000)))


def text_png() -> bytes:
    """20 texts of 100 MB each, packed to 2 MB."""
    text = zlib.compress(b"A" * (100 << 20), 9)
    return png(10, 10, *([chunk(b"zTXt", b"Comment\0\0" + text)] * 20), data=zlib.compress((b"\0" + bytes(30)) * 10))


def profile_png() -> bytes:
    """A colour profile that is 100 MB."""
    packed = zlib.compress(b"A" * (100 << 20), 9)
    return png(10, 10, chunk(b"iCCP", b"x\0\0" + packed), data=zlib.compress((b"\0" + bytes(30)) * 10))


def webp(width: int, height: int) -> bytes:
    """A canvas that is announced, over a picture of 8 × 8."""
    small = pictures.file(pictures.plain(8, 8, (1, 2, 3)), "WEBP")
    canvas = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(small) - 8 + len(canvas)) + b"WEBP" + canvas + small[12:]


def lossless_webp() -> bytes:
    """16383 × 16383 of one colour, whole, in 300 KB at most."""
    head = b"VP8L" + struct.pack("<IB", 5 + 4, 0x2F) + struct.pack("<I", 16382 | 16382 << 14) + bytes(4)
    return b"RIFF" + struct.pack("<I", 4 + len(head)) + b"WEBP" + head


def avif(width: int, height: int) -> bytes:
    """The file of a small picture that announces another size."""
    small = pictures.file(pictures.plain(64, 64, (1, 2, 3)), "AVIF")
    at = small.index(b"ispe") + 8
    return small[:at] + struct.pack(">II", width, height) + small[at + 8 :]


def grid_avif(width: int, height: int) -> bytes:
    return pictures.saved(Image.new("RGB", (width, height)), "AVIF", speed=10, quality=10)


def gif(frames: int, width: int = 1000, height: int = 1000) -> bytes:
    """An animation of one colour that announces its size; its frames are 1000 × 1000 each."""
    plain = pictures.saved(Image.new("P", (1000, 1000)), "GIF")
    at = plain.rindex(b",\0\0\0\0")
    return plain[:6] + struct.pack("<HH", width, height) + plain[10:at] + plain[at:-1] * frames + b";"


def jpeg(width: int, height: int) -> bytes:
    """A JPEG that announces another size than it has."""
    small = pictures.file(pictures.plain(64, 64, (1, 2, 3)), "JPEG")
    at = small.index(b"\xff\xc0") + 5
    return small[:at] + struct.pack(">HH", height, width) + small[at + 4 :]


def scans_jpeg() -> bytes:
    """A progressive JPEG with the same scan 400 times: each goes over the whole picture."""
    data = pictures.saved(Image.new("L", (4000, 4000)), "JPEG", progressive=True, quality=5)
    last = data.rindex(b"\xff\xda")
    return data[:last] + (data[last:-2]) * 400 + data[-2:]


# By name: what the file is, which status and code it gets.
ANNOUNCED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "png of 65535²": (huge_png, 422, "image_too_large"),
    "png of 1 bit, 900 MP": (one_bit_png_beyond, 422, "image_too_large"),
    "webp canvas of 16384²": (lambda: webp(16384, 16384), 422, "image_too_large"),
    "webp, lossless, 16383²": (lossless_webp, 422, "image_too_large"),
    "avif of 88 MP": (lambda: avif(9400, 9400), 422, "image_too_large"),
    "avif of 4 billion": (lambda: avif(2**32 - 1, 2**32 - 1), 422, "image_too_large"),
    "gif of 65535²": (lambda: gif(1, 65535, 65535), 422, "image_too_large"),
    "jpeg of 65000²": (lambda: jpeg(65000, 65000), 422, "image_too_large"),
    "a picture of nothing": (lambda: png(0, 10), 422, "broken_image"),
    "gif without frames": (lambda: gif(0), 422, "broken_image"),
    "svg": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 415, "unsupported_type"),
    "svg in png's clothes": (lambda: b"\x89PNG\r\n<svg/>", 415, "unsupported_type"),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415, "unsupported_type"),
    "eps for dos": (lambda: b"\xc5\xd0\xd3\xc6" + bytes(28), 415, "unsupported_type"),
    "mvg": (lambda: b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://x/)'\n", 415, "unsupported_type"),
    "tiff": (lambda: pictures.saved(Image.new("RGB", (9, 9)), "TIFF"), 415, "unsupported_type"),
    "bmp": (lambda: pictures.saved(Image.new("RGB", (9, 9)), "BMP"), 415, "unsupported_type"),
    "ico": (lambda: pictures.saved(Image.new("RGB", (16, 16)), "ICO"), 415, "unsupported_type"),
    "pdf": (lambda: b"%PDF-1.7\n", 415, "unsupported_type"),
    "html": (lambda: b"<!doctype html><script>", 415, "unsupported_type"),
    "heic of nothing": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", 422, "broken_image"),
    "nothing": (lambda: b"", 415, "unsupported_type"),
    "zeros": (lambda: bytes(1000), 415, "unsupported_type"),
}


def tiff(**changed: int) -> bytes:
    """A small TIFF of which fields were *changed*, by number: ``t256=…`` is its width."""
    more = {int(tag[1:]): (tiffs.LONG, [value]) for tag, value in changed.items()}
    return tiffs.plain(pictures.flag(64, 48), 2, more)


def long_tiff(count: int) -> bytes:
    """A TIFF whose strips are so many that their list ends far beyond the file."""
    data = bytearray(tiff())
    at = data.index(struct.pack("<HH", 273, 4))
    data[at + 4 : at + 8] = struct.pack("<I", count)
    return bytes(data)


def circle_tiff() -> bytes:
    """A directory of 65535 fields, each as large as the file, that is followed by itself."""
    entries = b"".join(struct.pack("<HHII", tag, 7, 700_000, 0) for tag in range(1, 65536))
    return struct.pack("<2sHIH", b"II", 42, 8, 65535) + entries + struct.pack("<I", 8)


def deep_tiff() -> bytes:
    """16 million pixels of 16 bits in one strip, of 100 KB."""
    packer, row = zlib.compressobj(9), bytes(4000 * 6)
    strip = b"".join(packer.compress(row) for _ in range(4000)) + packer.flush()
    fields = {256: (4, [4000]), 257: (4, [4000]), 258: tiffs.shorts(16, 16, 16), 259: tiffs.shorts(8)}
    return tiffs.tiff(fields | {262: tiffs.shorts(2), 277: tiffs.shorts(3), 278: tiffs.shorts(4000)}, [strip])


def deltas_bmp() -> bytes:
    """8 MB of steps that lead nowhere."""
    return tiffs.bmp(64, 48, 8, b"\0\2\0\0" * 2_000_000, palette=bytes(1024), compression=1)


def many_ico() -> bytes:
    """65535 pictures that are all the same one, of 4000 × 4000 by its own account."""
    picture = png(4000, 4000)
    at = 6 + 16 * 65535
    entry = struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 32, len(picture), at)
    return struct.pack("<HHH", 0, 1, 65535) + entry * 65535 + picture


# Of the formats that are behind a switch: done or refused, in time.
MORE: dict[str, Callable[[], bytes]] = {
    "tiff of 4 billion pixels a side": lambda: tiff(t256=2**32 - 1, t257=2**32 - 1),
    "tiff of 65535 rows in strips of 4 billion": lambda: tiff(t257=65535, t278=2**32 - 1),
    "tiff with 4 billion strips": lambda: long_tiff(2**32 - 1),
    "tiff of one row a strip": lambda: tiff(t257=500_000, t278=1),
    "tiff in tiles of 4 billion": lambda: tiff(t322=2**32 - 1, t323=2**32 - 1),
    "tiff in tiles of one pixel": lambda: tiff(t256=1000, t257=1000, t322=1, t323=1, t324=8),
    "tiff whose tiles are larger than it": lambda: tiff(t322=4096, t323=4096, t324=8, t325=100),
    "tiff of many samples": lambda: tiff(t277=65535),
    "tiff with strips out of the file": lambda: tiff(t278=48, t273=2**32 - 8),
    "tiff whose directory is nowhere": lambda: b"II*\0\xff\xff\xff\xff" + bytes(100),
    "tiff whose directory is its head": lambda: b"II*\0\0\0\0\0" + bytes(100),
    "tiff in a circle": circle_tiff,
    "big tiff of 2⁶³ fields": lambda: b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63) + bytes(1000),
    "tiff of 16 MP, 16 bits": deep_tiff,
    "bmp of 2 billion pixels a side": lambda: tiffs.bmp(2**31 - 1, -(2**31), 24, b""),
    "bmp of 50 MP, empty": lambda: tiffs.bmp(7000, 7000, 8, b"\0\1", palette=bytes(1024), compression=1),
    "bmp of steps": deltas_bmp,
    "bmp of one line": lambda: tiffs.bmp(45_000_000, 1, 1, bytes(5_625_000)),
    "ico of 65535 pictures": many_ico,
    "ico with a picture of 2 billion pixels": lambda: tiffs.ico(png(46000, 46000)),
}
# What only decoding reveals: refused, or done, in time.
REVEALED: dict[str, Callable[[], bytes]] = {
    "jpeg that announces more than it has": lambda: jpeg(6000, 6000),
    "jpeg that announces less than it has": lambda: jpeg(8, 8),
    "jpeg with 400 scans too many": scans_jpeg,
    "avif that announces less": lambda: avif(4, 4),
    "avif that announces more": lambda: avif(3900, 4000),
    "avif of 15 MP": lambda: grid_avif(4000, 3800),
    "webp canvas of 16 MP": lambda: webp(4000, 4000),
    "png of 1 bit, 49 MP": one_bit_png,
    "png with a profile of 100 MB": profile_png,
    "png with 2 GB of text": text_png,
    "gif of 3000 frames": lambda: gif(3000),
}
