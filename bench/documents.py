"""Makes pairs of documents to compare, and reads the HTML documentation of two versions of a Debian package."""

import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PACKAGE = "postgresql-doc-15"
PAGES = 25  # pages of the package: the largest that differ, up to LARGEST characters, which a peer compares in seconds
LARGEST = 150_000


def document(words: int, seed: int = 1, *, paragraph: int = 100) -> str:
    """Return a document of *words* words: a heading, and paragraphs of *paragraph* words with bold text and links."""
    chance = random.Random(seed)
    vocabulary = ["".join(chance.choices(LETTERS, k=chance.randint(2, 9))) for _ in range(3000)]
    parts = ["<h1>A title</h1>"]
    for number in range(words // paragraph):
        text = chance.choices(vocabulary, k=paragraph)
        start = chance.randrange(paragraph // 2)
        text[start], text[start + 3] = f"<b>{text[start]}", f"{text[start + 3]}</b>"
        link = chance.randrange(paragraph // 2 + 5, paragraph)
        text[link] = f'<a href="/page/{number}">{text[link]}</a>'
        parts.append(f"<p>{' '.join(text)}</p>")
    return "\n".join(parts)


def edited(html: str, share: float, seed: int = 2) -> str:
    """Return *html* with a *share* of its words deleted, replaced or followed by another."""
    chance = random.Random(seed)

    def edit(word: re.Match[str]) -> str:
        if chance.random() >= share:
            return word[0]
        return chance.choice(["", " changed", f"{word[0]} added"])

    return re.sub(r"(?<=[a-z]) [a-z]+(?=[ <])", edit, html)


class Absent(Exception):
    """No real pairs are available here."""


def real_pairs(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield pages of the package's oldest and newest version, fetched into *folder*."""
    if not shutil.which("apt-cache"):
        raise Absent("no apt-cache")
    said = subprocess.run(["apt-cache", "madison", PACKAGE], capture_output=True, text=True).stdout
    versions = list(dict.fromkeys(line.split("|")[1].strip() for line in said.splitlines() if "Packages" in line))
    if len(versions) < 2:
        raise Absent(f"Debian has {len(versions)} versions of {PACKAGE} here")
    newest, oldest = (_unpacked(folder, version) for version in (versions[0], versions[-1]))
    pages = [(page, newest / page.name) for page in oldest.glob("*.html") if (newest / page.name).is_file()]
    texts = ((old.read_text(errors="replace"), new.read_text(errors="replace")) for old, new in pages)
    differ = sorted(
        ((old, new) for old, new in texts if old != new and len(new) < LARGEST), key=lambda pair: -len(pair[1])
    )
    yield from differ[:PAGES]


def _unpacked(folder: Path, version: str) -> Path:
    target = folder / version.replace(":", "_")
    target.mkdir()
    fetched = subprocess.run(["apt-get", "download", "-q", f"{PACKAGE}={version}"], cwd=target, capture_output=True)
    packages = list(target.glob("*.deb"))
    if fetched.returncode or not packages:
        raise Absent(f"{PACKAGE} {version} cannot be fetched")
    subprocess.run(["dpkg-deb", "-x", packages[0], target], check=True)
    return target / "usr/share/doc" / PACKAGE / "html"
