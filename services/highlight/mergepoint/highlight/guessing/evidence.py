"""Evidence that decides alone: a beginning that only one language has, or a text that is JSON."""

import json
import re

from .idioms import is_prose

# The probability of a language whose sign is there; the text may also only quote that language.
SURE = 0.97
CODED = re.compile(r"[0-9A-Fa-f]{16,}|[0-9A-Za-z+/_-]{40,}={0,2}")  # lines of hexadecimal digits or base64
TEMPLATE = re.compile(r"<\?(?!xml)|<%|\{%|\{\{")
# A text with such a beginning is in that language. Each pattern is matched at the beginning only, in linear time.
BEGINNINGS = [
    (re.compile(pattern), word)
    for word, pattern in {
        "xml": r"<\?xml\s|<svg[\s>]|<!DOCTYPE\s+(?!html)\w+\s+(SYSTEM|PUBLIC)\b",
        "php": r"<\?(php\b|=)",
        "html": r"(?i:<!doctype\s+html|<html[\s>])",
        "diff": r"diff --(git|cc) |Index: \S+\n=|--- \S.*\n\+\+\+ \S|@@ -\d+(,\d+)? \+\d+(,\d+)? @@"
        r"|\d+(,\d+)?[acd]\d+(,\d+)?\n[<>] ",
        "docker": r"(?:(?:#.*|ARG .*|[ \t]*)\n)*FROM (--platform=\S+ )?[\w./:${}@-]+( (AS|as) [\w.-]+)?[ \t]*\n",
        "http": r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ HTTP/\d(\.\d)?\r?\n|HTTP/\d(\.\d)? \d{3}\b",
        "console": r"[\w.@:~/-]{0,40}\$ [a-z./]\S*",
        "pycon": r">>> ",
        "pytb": r"Traceback \(most recent call last\):\n",
        "tex": r"\\documentclass\b|\\begin\{document\}",
        "text": r"-----BEGIN [A-Z ]+-----|%PDF-",
    }.items()
]


def certain(text: str) -> str | None:
    """Return the common word of the language that *text* is certainly in; None if no evidence decides."""
    text = text.strip("\ufeff \t\r\n")
    if is_json(text):
        return "json"
    for beginning, word in BEGINNINGS:
        if beginning.match(text):
            return None if word == "html" and TEMPLATE.search(text) else word
    return "text" if is_prose(text) or all(CODED.fullmatch(line) for line in text.split("\n")) else None


def is_json(text: str) -> bool:
    """Return whether *text* begins with a JSON object, is a JSON array, or has JSON on its first line."""
    if text[:1] not in "{[" or not text[1:]:
        return False
    decoder = json.JSONDecoder()
    lines = text.split("\n")
    for candidate in (text, *([lines[0]] if len(lines) > 1 else [])):
        try:
            value, _ = decoder.raw_decode(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and value:
            return True
        if isinstance(value, list) and value and candidate is text:
            return True
    return False
