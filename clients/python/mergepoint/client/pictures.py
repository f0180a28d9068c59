"""Pictures as bodies that can be sent again from the beginning, and as results that know their size."""

import io
import json
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from .results import _About, json_object
from .server import Answer

Image = bytes | str | PathLike[str] | BinaryIO
"""The bytes of a picture, the path of its file, or the file opened in binary, read from its current position."""


class Thumbnails(dict[str, bytes]):
    """The pictures of a set, by their names."""

    srcset: dict[str, str]
    """The attribute ``srcset`` of an ``<img>`` or ``<source>``, by media type."""
    html: str
    """A ``<picture>`` element with all of them."""
    files: list[dict[str, Any]]
    """``name``, ``type``, ``width``, ``height`` and ``bytes`` of each."""
    cached: bool = False
    request_id: str | None = None


class Picture(_About, bytes):
    """A picture: the ``bytes`` of a file."""

    width: int = 0
    height: int = 0
    origin_width: int = 0
    """The size of the source, after its EXIF orientation."""
    origin_height: int = 0
    degraded: str | None = None
    """``truncated``: the source is damaged, and pixels are missing."""


def read_picture(answer: Answer) -> Picture:
    """Return the picture in *answer*. Raises ValueError if it is not one."""
    kind = answer.headers.get("Content-Type", "")
    if not kind.startswith("image/"):
        raise ValueError("no picture")
    result = Picture(answer.body)
    result.width, result.height = _size(answer.headers, "Result")
    result.origin_width, result.origin_height = _size(answer.headers, "Origin")
    result.degraded = answer.headers.get("Mergepoint-Degraded")
    result.type, result.cached, result.request_id = kind, answer.cached, answer.request_id
    return result


def read_info(answer: Answer) -> dict[str, Any]:
    """Return the description of a picture in *answer*. Raises LookupError if there is none."""
    about = json_object(answer.body)
    if "type" not in about:
        raise LookupError("no type")
    return about


def read_set(answer: Answer) -> Thumbnails:
    """Return the pictures in the ZIP archive in *answer*. Raises LookupError, TypeError or ValueError."""
    try:
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            about = json.loads(archive.read("manifest.json"))
            result = Thumbnails((file["name"], archive.read(file["name"])) for file in about["files"])
    except zipfile.BadZipFile as error:
        raise ValueError("no archive") from error
    result.files, result.srcset, result.html = about["files"], about["srcset"], about["html"]
    result.cached, result.request_id = answer.cached, answer.request_id
    return result


def _size(headers: Mapping[str, str], of: str) -> tuple[int, int]:
    return int(headers.get(f"X-{of}-Width", 0)), int(headers.get(f"X-{of}-Height", 0))


def open_image(image: Image) -> BinaryIO:
    """Return *image* as a file that can be sent twice; one that cannot be rewound is read into memory."""
    if isinstance(image, str | PathLike):
        return Path(image).open("rb")
    if isinstance(image, bytes | bytearray | memoryview):
        return io.BytesIO(image)
    return image if image.seekable() else io.BytesIO(image.read())
