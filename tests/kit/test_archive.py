"""A backup's file: whatever happened to it on the way is noticed before anything is done with it."""

import io
import json
import pathlib
import random
import tarfile

import pytest

from mergepoint.kit.archive import MANIFEST, Archive, UnusableBackup, Writer, new_file

MEMBERS = {"auth/rows/users/000000.jsonl": b"[1]\n" * 500, "auth/files/secret": bytes(range(32)), "auth/empty": b""}


class Pipe(io.RawIOBase):
    """What can be written to, and nothing else."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += data  # type: ignore[operator]
        return len(data)  # type: ignore[arg-type]


def written(members: dict[str, bytes] = MEMBERS) -> bytes:
    pipe = Pipe()
    writer = Writer(pipe)  # type: ignore[arg-type]
    for name, data in members.items():
        writer.add(name, data)
    writer.close({"auth": {"schema": "0001"}})
    return bytes(pipe.data)


def repacked(change: str) -> bytes:
    """The same archive with one thing changed in its manifest or members, as a tar that is in order."""
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(written())) as old, tarfile.open(fileobj=made, mode="w") as new:
        for entry in old:
            data = old.extractfile(entry).read()  # type: ignore[union-attr]
            if change == "missing" and entry.name.endswith("secret"):
                continue
            if change == "changed" and entry.name.endswith("secret"):
                data = b"x" * len(data)
            if change == "link" and entry.name.endswith("secret"):
                entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            if entry.name == MANIFEST and change in ("format", "part"):
                manifest = json.loads(data)
                manifest |= {"format": 2} if change == "format" else {}
                if change == "part":
                    del manifest["members"]
                data = json.dumps(manifest).encode()
            if entry.name == MANIFEST and change in ("[]", "{", "null", "\xff"):
                data = change.encode("latin-1")
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
        if change == "more":
            new.addfile(tarfile.TarInfo("auth/more"), io.BytesIO())
    return made.getvalue()


def test_what_was_written_to_a_pipe_is_read_back() -> None:
    archive = Archive(io.BytesIO(written()))
    assert list(archive.names("auth/rows/users")) == ["auth/rows/users/000000.jsonl"]
    assert {name: archive.read(name) for name in MEMBERS} == MEMBERS
    assert archive.services == {"auth": {"schema": "0001"}}


def test_it_is_a_tar_that_tells_everything_about_its_members() -> None:
    with tarfile.open(fileobj=io.BytesIO(written())) as tar:
        assert tar.getnames() == [*MEMBERS, MANIFEST]
        assert {entry.mode for entry in tar} == {0o600}
        manifest = json.load(tar.extractfile(MANIFEST))  # type: ignore[arg-type]
    assert manifest["format"] == 1
    assert {name: member["bytes"] for name, member in manifest["members"].items()} == {
        name: len(data) for name, data in MEMBERS.items()
    }


@pytest.mark.parametrize("change", ["missing", "changed", "more", "link", "format", "part", "[]", "{", "null", "\xff"])
def test_what_is_not_as_the_manifest_says_is_refused(change: str) -> None:
    with pytest.raises(UnusableBackup):
        Archive(io.BytesIO(repacked(change)))


def test_a_part_of_one_is_none() -> None:
    whole = written()
    end = whole.rstrip(b"\0")
    for length in [*range(0, len(end), 97), len(end) - 1]:
        with pytest.raises(UnusableBackup):
            Archive(io.BytesIO(whole[:length]))


def test_a_byte_that_has_changed_is_noticed_or_changes_nothing() -> None:
    whole, seed = written(), random.Random(7)
    for place in [*range(0, len(whole), 61)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << seed.randrange(8)
        try:
            archive = Archive(io.BytesIO(bytes(damaged)))
        except UnusableBackup:
            continue
        assert {name: archive.read(name) for name in MEMBERS} == MEMBERS
        assert archive.services == {"auth": {"schema": "0001"}} or b"0001" not in bytes(damaged)


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 20000, b"PK\x03\x04" + b"x" * 20000, b"[]" * 9999])
def test_what_is_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableBackup):
        Archive(io.BytesIO(data))


def test_a_file_is_written_whole_or_not_at_all_and_for_nobody_else(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "backup.tar"
    with new_file(path) as file:
        file.write(b"first")
    with pytest.raises(TypeError), new_file(path) as file:
        print("no bytes", file=file)  # type: ignore[call-overload]
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
