"""A source's own compressed pixels in a file without metadata, for answers that change no pixel of their source.

Knows no decoder. Callers pass undamaged files only.
"""

import struct
from collections.abc import Callable

from . import gif, jpeg_repair, webp_repair
from .header import Header
from .png import chunks, repair

JPEG_KEPT = {*range(0xC0, 0xE1), 0xEE} - {0xD9}  # tables, frames, scans, JFIF's header, and Adobe's (the colour space)
PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
WEBP_KEPT = (b"VP8 ", b"VP8L", b"ALPH")
ANIMATION, ALPHA = 0x02, 0x10  # flags of VP8X; RFC 9649, 2.7


def strip(data: bytes, header: Header) -> bytes | None:
    """Return the undamaged file *data* without its metadata; None if its format, depth or frames do not allow that."""
    if header.frames > 1 or header.depth > 8 or header.format not in STRIPPERS:
        return None
    return STRIPPERS[header.format](data)


def _jpeg(data: bytes) -> bytes | None:
    parts, at = [data[:2]], 2
    while marked := jpeg_repair.MARKER.search(data, at):
        marker, at = data[marked.end() - 1], marked.end()
        if marker == jpeg_repair.EOI:
            return b"".join([*parts, jpeg_repair.END])
        end = at + int.from_bytes(data[at : at + 2], "big")
        if marker == jpeg_repair.SOS:
            after = jpeg_repair.AFTER_PIXELS.search(data, end)
            end = after.start() if after else len(data)
        if marker in JPEG_KEPT:
            parts.append(bytes([0xFF, marker]) + data[at:end])
        at = end
    return None


def _png(data: bytes) -> bytes | None:
    if repair.pixel_damage(data):  # decoders do not report a wrong checksum, but the next reader may refuse the file
        return None
    kept = [part.bytes() for part in chunks.chunks(data) if part.name in PNG_KEPT]
    return data[: chunks.HEAD] + b"".join(kept)


def _gif(data: bytes) -> bytes | None:
    frame = gif.still(data)
    return frame.file() if (frame.width, frame.height) == gif.screen(data) else None


def _webp(data: bytes) -> bytes | None:
    chunks = [(name, data[start:end] + bytes(end % 2)) for name, start, end in webp_repair.chunks(data)]
    kept = [whole for name, whole in chunks if name in WEBP_KEPT]
    if any(name == b"ALPH" for name, _ in chunks):
        about = next(whole for name, whole in chunks if name == b"VP8X")
        kept.insert(0, about[:8] + bytes([ALPHA]) + about[9:])
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


STRIPPERS: dict[str, Callable[[bytes], bytes | None]] = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif, "WEBP": _webp}
