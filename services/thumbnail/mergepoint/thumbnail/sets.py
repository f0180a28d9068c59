"""Several sizes and formats of one picture, packed into one answer with the HTML that chooses among them."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, BinaryIO

from .core import Thumbnail, thumbnails
from .formats import FORMATS
from .spec import Limits, Spec

BOUNDARY = "mergepoint-set"
EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's earliest date; a fixed date makes the same pictures give the same bytes
LIMITS = Limits()


@dataclass(frozen=True)
class File:
    """One picture of a set."""

    name: str
    made: Thumbnail

    def about(self) -> dict[str, Any]:
        made = self.made
        size = {"width": made.width, "height": made.height, "bytes": len(made.bytes)}
        return {"name": self.name, "type": made.type, **size}


def make(
    image: BinaryIO | bytes,
    spec: Spec,
    widths: Sequence[int],
    formats: Sequence[str],
    name: str,
    limits: Limits = LIMITS,
) -> list[File]:
    """Return *image* as *spec* says in each of *widths*, in pixels, and *formats*, Pillow's names, from one decode.

    Without upscaling, all widths beyond the picture's own give one file, in its own width. Raises the errors of
    ``thumbnail``.
    """
    wanted = [(width, format) for format in formats for width in sorted(set(widths))]
    ratio = spec.height / spec.width if spec.width and spec.height else None
    specs = [
        replace(spec, width=width, height=max(1, round(width * ratio)) if ratio else None, format=format, takes=None)
        for width, format in wanted
    ]
    files: dict[str, File] = {}
    for (_, format), made in zip(wanted, thumbnails(image, specs, limits=limits), strict=True):
        file = File(f"{name}-{made.width}.{FORMATS[format].extension}", made)
        files.setdefault(file.name, file)
    return list(files.values())


def manifest(files: Sequence[File], sizes: str) -> dict[str, Any]:
    """Return a list of the files, a ``srcset`` for each media type, and a ``<picture>`` of all of them.

    *sizes* is its ``sizes`` attribute. The last type is the fallback that every browser shows.
    """
    types = list(dict.fromkeys(file.made.type for file in files))
    srcset = {
        kind: ", ".join(f"{file.name} {file.made.width}w" for file in files if file.made.type == kind) for kind in types
    }
    last = [file for file in files if file.made.type == types[-1]][-1]
    sources = "".join(
        f'<source type="{kind}" srcset="{escape(srcset[kind])}" sizes="{escape(sizes)}">' for kind in types[:-1]
    )
    picture = (
        f'<picture>{sources}<img src="{escape(last.name)}" srcset="{escape(srcset[types[-1]])}" '
        f'sizes="{escape(sizes)}" '
        f'width="{last.made.width}" height="{last.made.height}" alt=""></picture>'
    )
    return {"files": [file.about() for file in files], "srcset": srcset, "html": picture}


def as_zip(files: Sequence[File], about: dict[str, Any]) -> bytes:
    """Return a ZIP archive of ``manifest.json`` and *files*, uncompressed, since pictures would not become smaller."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("manifest.json", EPOCH), json.dumps(about, indent=1))
        for file in files:
            archive.writestr(zipfile.ZipInfo(file.name, EPOCH), file.made.bytes)
    return target.getvalue()


def as_multipart(files: Sequence[File], about: dict[str, Any]) -> tuple[bytes, str]:
    """Return a multipart/mixed body (RFC 2046) with the manifest first, and its boundary, which no part contains."""
    parts = [("application/json", "manifest.json", json.dumps(about).encode())]
    parts += [(file.made.type, file.name, file.made.bytes) for file in files]
    boundary = BOUNDARY
    while any(boundary.encode() in body for *_, body in parts):
        boundary += "x"
    target = io.BytesIO()
    for kind, name, body in parts:
        head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        target.write(f'{head}Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode() + body + b"\r\n")
    target.write(f"--{boundary}--\r\n".encode())
    return target.getvalue(), boundary
