"""The formats: Pillow's name for each, its media type, and the extension of its files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """*type* is the media type that IANA registered. *written* says whether an answer may have this format."""

    type: str
    extension: str
    written: bool = True


FORMATS = {
    "JPEG": Format("image/jpeg", "jpg"),
    "PNG": Format("image/png", "png"),
    "GIF": Format("image/gif", "gif"),
    "WEBP": Format("image/webp", "webp"),
    "AVIF": Format("image/avif", "avif"),
    "HEIF": Format("image/heic", "heic", written=False),
    "TIFF": Format("image/tiff", "tiff", written=False),
    "BMP": Format("image/bmp", "bmp", written=False),
    "ICO": Format("image/vnd.microsoft.icon", "ico", written=False),
}
TYPES = {word: format.type for word, format in FORMATS.items() if format.written}
EXTENSIONS = {format.type: format.extension for format in FORMATS.values()}
"""Media type → extension."""
