"""Reads the picture of a link: from an allowed origin, over the network, or from an allowed folder of this machine."""

import contextlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

from mergepoint.kit.fetch import Fetcher, Version
from mergepoint.kit.fetch.freshness import freshness
from mergepoint.kit.problems import Problem

LOCAL = "local://"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # other characters in a URL are escaped
ACCEPT = "image/avif,image/webp,image/png,image/jpeg,image/gif"


@dataclass(frozen=True)
class SourceFile:
    """The bytes of a source, and *age*, the seconds for which they may be cached.

    *version* holds the server's ETag and Last-Modified. *unchanged* says that the caller knows that version already,
    so *body* is empty.
    """

    body: bytes
    age: int
    version: Version | None = None
    unchanged: bool = False


class Sources:
    """Reads from the *allowed* origins (kit.fetch.origins) and folders, such as ``local:///srv/pictures``.

    A source is cached for *age* seconds if its server gives no lifetime, and for at most *most_age* seconds. Its size
    is limited by *max_bytes*, the seconds to fetch it by *timeout*, and the redirects that are followed by *redirects*.
    Raises ValueError if *allowed* is invalid.
    """

    def __init__(
        self, allowed: str, *, max_bytes: int, timeout: float, redirects: int, age: int, most_age: int
    ) -> None:
        entries = [entry for entry in re.split(r"[\s,]+", allowed) if entry]
        self._folders = [_folder(entry) for entry in entries if entry.startswith(LOCAL)]
        origins = [entry for entry in entries if not entry.startswith(LOCAL)]
        limits = {"max_bytes": max_bytes, "timeout": timeout, "redirects": redirects}
        self._fetcher = Fetcher(origins, field="source", **limits)  # type: ignore[arg-type]
        self._max_bytes, self._age, self._most_age = max_bytes, age, most_age

    def read(self, url: str, known: Version | None = None) -> SourceFile:
        """Return the source at *url*; raise one of kit.fetch's Problems. A *known* version is not read again."""
        if url.startswith(LOCAL):
            return self._read_local(_path(url), known)
        found = self._fetcher.fetch(quote(url, safe=PRINTABLE), accept=ACCEPT, known=known)
        age = freshness(found.headers, default=self._age, most=self._most_age)
        return SourceFile(found.body, age, found.version, found.unchanged)

    def _read_local(self, path: str, known: Version | None) -> SourceFile:
        with _open_below(self._folders, path, self._max_bytes) as file:
            about = os.fstat(file.fileno())
            version = Version(f'"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"')
            if known and known.etag == version.etag:
                return SourceFile(b"", self._age, version, unchanged=True)
            return SourceFile(file.read(about.st_size), self._age, version)


def _path(url: str) -> str:
    return unquote(url.removeprefix(LOCAL).partition("?")[0])


def _folder(entry: str) -> Path:
    path = Path(entry.removeprefix(LOCAL))
    if not path.is_absolute() or not path.is_dir():
        raise ValueError(f"{entry!r}: a folder is expected, as local:///srv/pictures")
    return path.resolve()


def _open_below(folders: Sequence[Path], path: str, max_bytes: int) -> BinaryIO:
    """Return the file at *path* below the first of *folders* that has it.

    Links that lead out of the folder are not followed.
    """
    if not folders:
        raise Problem.field("source", "this source is not allowed", code="source_refused")
    for folder in folders:
        # Impossible names, circular links and unreadable files are answered like missing files.
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            target = (folder / path.lstrip("/").replace("\0", "")).resolve()
            if target.is_relative_to(folder) and target.is_file():
                return _open(target, max_bytes)
    raise Problem.field("source", "there is no such file", code="source_not_found")


def _open(target: Path, max_bytes: int) -> BinaryIO:
    try:
        # A link that replaced the file since it was resolved is not followed; opening a pipe does not block.
        handle = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise Problem.field("source", "there is no such file", code="source_not_found") from None
    about = os.fstat(handle)
    if stat.S_ISREG(about.st_mode) and about.st_size <= max_bytes:
        return open(handle, "rb")
    os.close(handle)
    if stat.S_ISREG(about.st_mode):
        raise Problem.field("source", f"has more than {max_bytes} bytes", code="source_too_large")
    raise Problem.field("source", "there is no such file", code="source_not_found")
