"""The formats that a client wants, by Accept (RFC 9110, 12.5.1). Only media types that it names count, not wildcards.

nginx reduces Accept to a class by the same rules (nginx/services/thumbnail/pictures.js).
"""

from collections.abc import Iterable

NEWER = {"image/avif": "AVIF", "image/webp": "WEBP"}  # in order of preference: AVIF's files are smaller
OLDER = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF"}


def accepted_formats(accept: Iterable[tuple[str, float]]) -> tuple[str, ...]:
    """Return the accepted newer formats, and the older ones with a higher quality than all of these; best first.

    *accept* holds media types and their qualities, from 0 to 1. Formats that only a wildcard matches do not count.
    """
    quality: dict[str, float] = {}
    for kind, weight in accept:
        name = kind.partition(";")[0].strip().lower()
        quality[name] = max(quality.get(name, 0.0), weight)
    newer = sorted((kind for kind in NEWER if quality.get(kind, 0) > 0), key=lambda kind: -quality[kind])
    if not newer:
        return ()
    most = quality[newer[0]]
    older = sorted((kind for kind in OLDER if quality.get(kind, 0) > most), key=lambda kind: -quality[kind])
    return *(OLDER[kind] for kind in older), *(NEWER[kind] for kind in newer)
