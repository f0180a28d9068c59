"""Cuts snippets from a text as people do for a question: some lines from the start of a part, without its indent."""

import random
import re
from collections.abc import Iterator
from textwrap import dedent

# Languages in which a line that COMMENT matches is no comment, or in which a whole text may consist of comments.
PROSE = {
    "text",
    "markdown",
    "diff",
    "css",
    "scss",
    "less",
    "console",
    "http",
    "tex",
    "restructuredtext",
    "groff",
    "pot",
}
COMMENT = re.compile(
    r"\s*(#(?!include|define|if|else|endif|pragma|\[|!)|//|/\*|\*|--|;|%|\(\*|\"|'|REM\b|rem\b|!|dnl\b|<!--)"
)
# A snippet without this sign is also valid in another language.
NEEDED = {
    label: re.compile(sign, re.MULTILINE)
    for label, sign in {
        "jsx": r"</?[A-Za-z][\w.]*[^;]*>|/>",
        "tsx": r"</?[A-Za-z][\w.]*[^;]*>|/>",
        "vue": r"<template|<script|<style|\bv-\w+|@click|:\w+=\"",
        "rhtml": r"<%",
        "html+twig": r"\{[%{#]",
        "html+handlebars": r"\{\{",
        "scss": r"\$\w|@(include|mixin|extend|if|each|function|use)\b|&|//|#\{",
        "less": r"@[\w-]+:|\.[\w-]+\(|&|~\"|//",
        "php": r"\$\w|<\?php|->|::|\bfunction\b",
        "typescript": r"\b(interface|type \w+ =|enum|private|public|protected|readonly|declare|implements|abstract)\b"
        r"|\bas \w+|\w[?!]?:\s*(string|number|boolean|any|void|unknown|never|object|[A-Z]\w*)|\)\s*:\s*\w|<[A-Z]\w*>",
        "objective-c": r"@\w|\[\w+ \w|#import|\bNS[A-Z]\w+|\^",
    }.items()
}
LENGTHS = [(1, 3), (2, 4), (4, 8), (6, 12), (8, 15), (12, 30), (30, 60)]
LEAST = 12  # characters of a snippet, white space not counted


def snippets(text: str, label: str, count: int) -> Iterator[str]:
    """Yield at most *count* snippets of *text*; some begin where it does."""
    lines = text.split("\n")
    begins = [0, *(at for at, line in enumerate(lines) if _begins(lines, at, line))]
    for number in range(count):
        begin = 0 if number == 0 and random.random() < 0.6 else random.choice(begins)
        length = random.randint(*random.choice(LENGTHS))
        cut = lines[begin : begin + length]
        if label not in PROSE and sum(bool(COMMENT.match(line)) for line in cut) * 2 > len(cut):
            continue
        snippet = dedent("\n".join(cut)).strip("\n")
        if label in NEEDED and not NEEDED[label].search(snippet):
            continue
        if len(re.sub(r"\s", "", snippet)) >= LEAST:
            yield snippet


def _begins(lines: list[str], at: int, line: str) -> bool:
    return bool(line.strip()) and at > 0 and (not lines[at - 1].strip() or not line[0].isspace())
