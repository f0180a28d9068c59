"""ETags that name the version of a link's source, so that an answer with an unchanged source is not sent again.

A tag is ``<answer>.<made by>.<source>``: the answer's own tag, a hash of library versions and options, and the version
that the source's server gave (ETag, Last-Modified). When a client sends the tag back, the service requests the source
only if it has changed (RFC 9110, 13.1). The service stores nothing; a forged tag only affects the client that sent it.
"""

import base64
import re
from collections.abc import Iterable

from mergepoint.kit.fetch import Version
from mergepoint.kit.web import caching

VERSION_TEXT = re.compile(r"[ -~]{0,200}\n[ -~]{0,200}")
TAG = re.compile(r"[0-9a-f]+\.([0-9a-f]+)\.([A-Za-z0-9_-]+)")
LENGTH = 16  # characters of the hash of versions and options


def suffix(made_by: Iterable[str | bytes], version: Version | None) -> str:
    """Return the suffix for the tag of an answer that was made by the values *made_by* from *version* of its source.

    It is empty if *version* is None or cannot stand in a tag.
    """
    if version is None or not VERSION_TEXT.fullmatch(text := f"{version.etag}\n{version.modified}"):
        return ""
    source = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    return f".{_fingerprint(made_by)}.{source}"


def find_known(tags: Iterable[str], made_by: Iterable[str | bytes]) -> tuple[str, Version] | None:
    """Return the first of *tags* whose answer was made by the values *made_by*, and the source's version that it names.

    None if there is no such tag.
    """
    wanted = _fingerprint(made_by)
    for tag in tags:
        parts = TAG.fullmatch(tag)
        if parts and parts[1] == wanted and (version := _version(parts[2])):
            return tag, version
    return None


def _version(source: str) -> Version | None:
    try:
        text = base64.urlsafe_b64decode(source + "=" * (-len(source) % 4)).decode("ascii")
    except ValueError:
        return None
    return Version(*text.split("\n")) if VERSION_TEXT.fullmatch(text) and text.strip() else None


def _fingerprint(made_by: Iterable[str | bytes]) -> str:
    return caching.etag(*made_by)[:LENGTH]
