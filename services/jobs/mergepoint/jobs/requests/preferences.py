"""The header Prefer (RFC 7240): how long its sender would wait for the answer itself."""

import re
from collections.abc import Iterator

from ..errors import Invalid

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[^"\\]|\\.)*"'
# RFC 7240, 2: token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )
PARAMETER = rf"{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED})?)?"
PREFERENCE = re.compile(
    rf"[ \t,]*({TOKEN})(?:[ \t]*=[ \t]*({TOKEN}|{QUOTED})?)?((?:[ \t]*;(?:[ \t]*{PARAMETER})?)*)[ \t]*(?=,|\Z)"
)
LONGEST_WAIT = 60  # seconds; a longer wait is cut to that, as the RFC allows


def preferences(header: str) -> dict[str, str]:
    """Return the preferences of all lines of the header, joined by commas: the first of a name counts (section 2)."""
    found: dict[str, str] = {}
    for name, value in _each(header):
        found.setdefault(name.lower(), value)
    return found


def wait_of(header: str) -> int | None:
    """Return how many seconds the sender waits, None for not at all; raise Invalid for what is no such number."""
    value = preferences(header).get("wait")
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise Invalid("Prefer", "wait: a whole number of seconds, of at most nine digits, is expected")
    return min(int(value), LONGEST_WAIT)


def _each(header: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(header):
        match = PREFERENCE.match(header, position)
        if match is None:  # what cannot be read is skipped, to the next comma
            position = header.find(",", position + 1) if "," in header[position + 1 :] else len(header)
            continue
        position = match.end()
        yield match[1], _unquoted(match[2] or "")


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
