"""Collects texts of known languages from folders of source code, to train the guesser on: one JSON object a line.

    python services/highlight/tools/corpus.py FOLDER... >texts.jsonl

Each folder in a FOLDER is one project. The training texts are source packages of Debian and packages of npm, whose
licences all allow it, the standard libraries of Python and Perl, and the examples in Pygments' source release;
docs/guessing.md lists them. A file's name tells its language, by the hints of the guesser, if it leaves only one open.
"""

import hashlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from labels import LABELS, SAME

from mergepoint.highlight import hints, names

MOST_FILES = 60  # files of one language from one project
MOST_CHARACTERS = 20_000  # characters of one file
WIDEST = 200  # characters of an average line; a file with wider lines was written by a program
PROSE = re.compile(r"^(readme|news|changes|changelog|license|copying|authors|todo|install|faq|history)", re.I)
# Extensions that several languages share. The first language whose sign is in the text is chosen.
SHARED = {
    ".h": {
        "objective-c": r"^(@interface|@protocol|@class|#import)\b",
        "cpp": r"^\s*(class \w+|namespace\b|template\s*<|public:|private:)|\bstd::|#include <(string|vector|map)>",
        "c": r"^#\s*(define|include|ifndef)",
    },
    ".m": {"objective-c": r"^(@interface|@implementation|#import|@end)\b", "matlab": r"^\s*(function\b|end\b|%)"},
    ".pl": {"prolog": r"^:- |^\w+\(.*\)\s*:-$", "perl": r"\b(my|use|sub)\b"},
    ".v": {"verilog": r"\bendmodule\b", "coq": r"^\s*(Require|Proof|Qed|Theorem|Lemma|Definition|Module)\b"},
    ".ts": {"xml": r"\A\s*<", "typescript": r"\w"},
    ".tsx": {"xml": r"\A\s*<\?xml", "tsx": r"\w"},
    ".js": {"": r"@flow\b", "jsx": r"^\s*(return \(\s*)?<[A-Z]?\w+[^;]*>$.*</\w", "javascript": r"\w"},
    ".fs": {"fsharp": r"^(module|namespace|open|let|type)\b"},
    ".asm": {"nasm": r"\b(section|global|resb|db)\b"},
    ".cls": {"tex": r"\\(Provides|Needs)"},
    ".pm": {"perl": r"\bpackage\b"},
    ".t": {"perl": r"\buse (strict|warnings|Test)"},
    ".rs": {"rust": r"\w"},
    ".cs": {"csharp": r"\b(namespace|class|using)\b"},
}
UNSURE = {".inc", ".cgi", ".fcgi", ".def", ".i", ".l", ".p", ".g", ".in"}
SIGNS = {
    ending: {label: re.compile(sign, re.MULTILINE | re.DOTALL) for label, sign in signs.items()}
    for ending, signs in SHARED.items()
}
SKIP = {".git", "node_modules", "debian", "__pycache__", "fixtures-invalid"}


def main() -> None:
    for folder in sys.argv[1:]:
        for project in sorted(Path(folder).iterdir()):
            for label, path, text in texts(project):
                print(json.dumps({"label": label, "project": project.name, "path": path, "text": text}))


def texts(project: Path) -> Iterator[tuple[str, str, str]]:
    """Yield label, path and text of the files in *project*, at most MOST_FILES of each language."""
    seen: Counter[str] = Counter()
    known = set()
    for path in files(project):
        possible = labels_of(path)
        if not possible or all(seen[label] >= MOST_FILES for label in possible):
            continue
        text = read(path)
        label = label_of(path, possible, text) if text else None
        if not text or not label or seen[label] >= MOST_FILES:
            continue
        if (digest := hashlib.sha256(text.encode()).digest()) in known:
            continue
        known.add(digest)
        seen[label] += 1
        yield label, str(path.relative_to(project)), text


def files(project: Path) -> list[Path]:
    """Return all files of *project*, in an order that mixes folders and is the same in each run."""
    found = []
    for folder, inner, here in os.walk(project):
        inner[:] = [name for name in inner if name not in SKIP]
        found += [Path(folder, name) for name in here if not Path(folder, name).is_symlink()]
    return sorted(found, key=lambda path: hashlib.sha256(str(path.relative_to(project)).encode()).digest())


def labels_of(path: Path) -> list[str]:
    """Return the languages of LABELS that the name of a file leaves open."""
    folder = path.parent.name.lower()
    if "examplefiles" in path.parts:  # Pygments': the folder is the language
        found = names.find_all([folder])
    elif signs := SIGNS.get(path.suffix.lower()):
        return list(signs)
    else:
        found = hints.from_filename(path.name)
    if not found:
        return ["text"] if PROSE.match(path.name) and not path.suffix else []
    words = [names.word(lexer) for lexer in found]
    return [label for label in dict.fromkeys(SAME.get(word, word) for word in words) if label in LABELS]


def label_of(path: Path, possible: list[str], text: str) -> str | None:
    """Return the language of *possible* that *text* is in; None if that is not sure."""
    signs = SIGNS.get(path.suffix.lower())
    if signs is None or len(possible) == 1:
        return possible[0] if path.suffix.lower() not in UNSURE else None
    return next((label for label, sign in signs.items() if sign.search(text)), None)


def read(path: Path) -> str | None:
    """Return the beginning of a file; None if it is no text, is very short, or was written by a program."""
    try:
        text = path.read_bytes()[: MOST_CHARACTERS * 2].decode(
            errors="strict" if path.stat().st_size < 40_000 else "ignore"
        )
    except (OSError, UnicodeDecodeError):
        return None
    text = text[:MOST_CHARACTERS].replace("\r\n", "\n")
    if "\0" in text or len(text) < 30 or len(text) / (text.count("\n") + 1) > WIDEST:
        return None
    return text


if __name__ == "__main__":
    main()
