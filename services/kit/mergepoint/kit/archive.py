"""A backup's file: a tar of members whose last one, the manifest, has the size and SHA-256 of every other.

It can be written to a pipe, and any tar can read it. It does not know the contents of its members.
"""

import contextlib
import hashlib
import json
import os
import secrets
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

FORMAT = 1
MANIFEST = "manifest.json"
PIECE = 1 << 20


class UnusableBackup(ValueError):
    """The file is damaged or cut off, has another format, or is no backup."""

    code = "unusable_backup"


class Writer:
    """Writes members to *stream*, which need not be seekable. The backup is valid only after ``close``."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._members: dict[str, dict[str, Any]] = {}
        self._time = time.time()

    def add(self, name: str, data: bytes) -> None:
        """Add the member *name*; each name may be added once."""
        self._members[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        self._put(name, data)

    def close(self, services: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the manifest, with the facts that *services* give about themselves, and end the archive."""
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._time))
        manifest = {"format": FORMAT, "created": created, "services": services, "members": self._members}
        self._put(MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
        self._stream.write(bytes(2 * tarfile.BLOCKSIZE))

    def _put(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(data), 0o600, int(self._time)
        self._stream.write(entry.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE))


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file of mode 0600 that replaces *path* when the block ends; after an exception *path* is as before."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class Archive:
    """A complete backup: every member was compared with the manifest."""

    def __init__(self, file: BinaryIO) -> None:
        """Read *file*, which must be seekable; raise UnusableBackup."""
        try:
            self._tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - the file is the caller's
            self._entries = {entry.name: entry for entry in self._tar if entry.isreg()}
            found = {name: self._sum(entry) for name, entry in self._entries.items()}
            manifest = self._manifest()
        except (tarfile.TarError, EOFError) as error:
            raise UnusableBackup("this is no backup, or only a part of one") from error
        self.created: str = manifest["created"]
        self.services: dict[str, dict[str, Any]] = manifest["services"]
        listed = {name: (member["bytes"], member["sha256"]) for name, member in manifest["members"].items()}
        for name in sorted(listed.keys() | found.keys() - {MANIFEST}):
            if listed.get(name) != found.get(name):
                raise UnusableBackup(f"{name} is not what the manifest says")

    def names(self, folder: str) -> Iterator[str]:
        """The members in *folder*, in the order of their names."""
        return iter(sorted(name for name in self._entries if name.startswith(f"{folder}/")))

    def read(self, name: str) -> bytes:
        """Return a member; raise UnusableBackup if there is none of that name."""
        entry = self._entries.get(name)
        found = self._tar.extractfile(entry) if entry else None
        if found is None:
            raise UnusableBackup(f"{name} is missing")
        return found.read()

    def _sum(self, entry: tarfile.TarInfo) -> tuple[int, str]:
        content, digest, size = self._tar.extractfile(entry), hashlib.sha256(), 0
        while content and (piece := content.read(PIECE)):
            digest.update(piece)
            size += len(piece)
        return size, digest.hexdigest()

    def _manifest(self) -> dict[str, Any]:
        try:
            manifest = json.loads(self.read(MANIFEST))
            form = manifest["format"]
            complete = {"created", "services", "members"} <= manifest.keys()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableBackup(
                "its manifest is missing or damaged: this is no backup, or only a part of one"
            ) from error
        if form != FORMAT or not complete:
            raise UnusableBackup(f"its format is {form!r}, and this version reads format {FORMAT}")
        return dict(manifest)
