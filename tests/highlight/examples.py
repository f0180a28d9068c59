"""Real code in every language: the examples in Pygments' source release, which its wheel does not bring.

The release is fetched once, with pip, and kept in the user's cache.
"""

import contextlib
import fnmatch
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pygments
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

from tests.servers import missing

LEAST, MOST = 2048, 4096
# For languages that the release has no example of: most of those are templates and dialects of these.
STAND_INS = ("html+php", "c", "javascript", "make")


@cache
def example(lexer: type[Lexer]) -> str:
    """Return 2 to 4 KB of code in *lexer*'s language; what is shorter is repeated, what there is none of stood in for.

    Skips the calling test when the release is not to be had.
    """
    text = "".join(_of_folder().get(lexer, ()) or _of_name(lexer)) or _stand_in()
    while len(text) < LEAST:
        text += text
    return text[: text.find("\n", LEAST, MOST) + 1] or text[:MOST]


def has_example(lexer: type[Lexer]) -> bool:
    return bool(_of_folder().get(lexer) or _of_name(lexer))


def texts_of(lexer: type[Lexer]) -> list[str]:
    """Return every file and snippet that the release has in *lexer*'s language."""
    return _of_folder().get(lexer, [])


def _stand_in() -> str:
    return "".join(example(find_lexer_class_by_name(alias))[: MOST // len(STAND_INS)] + "\n" for alias in STAND_INS)


def _of_name(lexer: type[Lexer]) -> list[str]:
    patterns = lexer.filenames
    return [text for name, text in _files() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


@cache
def _of_folder() -> dict[type[Lexer], list[str]]:
    """Files and snippets are in folders that are named for an alias."""
    found = defaultdict(list)
    for path, text in _texts():
        try:
            found[find_lexer_class_by_name(path.parts[-2])].append(text)
        except ClassNotFound:
            continue  # snippets that several languages share
    return found


@cache
def _files() -> tuple[tuple[str, str], ...]:
    return tuple((path.name, text) for path, text in _texts() if path.parts[-3] == "examplefiles")


@cache
def _texts() -> tuple[tuple[pathlib.PurePosixPath, str], ...]:
    """Files first, and the larger ones first."""
    found = sorted(_members(), key=lambda member: (member[0].parts[-3], -len(member[1])))
    return tuple((path, _decode(data)) for path, data in found)


def _members() -> Iterator[tuple[pathlib.PurePosixPath, bytes]]:
    found = release()
    if isinstance(found, str):
        missing(found)
    with tarfile.open(found) as archive:
        for member in archive:
            path = pathlib.PurePosixPath(member.name)
            if not member.isfile() or len(path.parts) != 5 or path.parts[1] != "tests":
                continue
            stream = archive.extractfile(member)
            assert stream
            data = stream.read()
            if path.parts[2] == "examplefiles" and path.suffix != ".output":
                yield path, data
            elif path.parts[2] == "snippets" and b"---input---\n" in data:
                yield path, data.partition(b"---input---\n")[2].partition(b"\n---tokens---")[0] + b"\n"


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


@cache
def release() -> pathlib.Path | str:
    """Return the archive of the source release of the Pygments that is installed here, or why there is none."""
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(home, "mergepoint", "pygments", pygments.__version__)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if problem := _fetch(folder):
            return problem
    return next(folder.glob("*.tar.gz"))


def _fetch(folder: pathlib.Path) -> str:
    wanted = f"pygments=={pygments.__version__}"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as partial:
        command = [*pip, "--no-deps", "--no-binary", "pygments", "-d", f"{partial}/{wanted}", wanted]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            return f"the source release of {wanted} is not to be had: {ended.stderr[-300:]}"
        with contextlib.suppress(OSError):  # another run was faster
            pathlib.Path(partial, wanted).rename(folder)
    return ""
