"""The documents say each thing once, and lead somewhere."""

import pathlib
import re
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[1]
DOCUMENTS = sorted(
    pathlib.Path(name)
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
)
GENERATED = {pathlib.Path("bench/results.md")}
LONGEST = 120  # characters of a line, but for tables, code and addresses
SHORTEST = 60  # characters of what counts as a paragraph


def test_there_are_documents() -> None:
    assert pathlib.Path("README.md") in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_no_paragraph_stands_twice(document: pathlib.Path) -> None:
    counts = Counter(paragraphs((ROOT / document).read_text()))
    assert not [paragraph for paragraph, count in counts.items() if count > 1]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_within_the_project_leads_somewhere(document: pathlib.Path) -> None:
    text = (ROOT / document).read_text()
    links = re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", text)
    assert not [link for link in links if not leads_somewhere(document, link)]


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if document not in GENERATED], ids=str)
def test_lines_are_short_enough_to_be_read_side_by_side(document: pathlib.Path) -> None:
    assert not [line for line in prose((ROOT / document).read_text()) if len(line) > LONGEST]


def paragraphs(text: str) -> Iterator[str]:
    """Yield each paragraph and item of a list, with single spaces."""
    for part in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=\*\*)", "\n".join(prose(text))):
        paragraph = " ".join(part.split())
        if len(paragraph) >= SHORTEST:
            yield paragraph


def prose(text: str) -> list[str]:
    """Return the lines of *text* that are neither code, table, picture nor long address."""
    without_code = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for line in without_code.split("\n") if not re.search(r"^\s*\||^    |^!\[|https?://\S{40}", line)]


def leads_somewhere(document: pathlib.Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / document).parent / path if path else ROOT / document
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text())


def anchors(text: str) -> set[str]:
    """Return what headings can be linked by, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
