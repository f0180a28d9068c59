"""Numbers of lines as people write them: ``3,5-7``, ``3 5-7``, ``[3, "5-7"]``, or a list of such."""

import re

MOST = 200  # ranges
LONGEST = 4000  # characters of them
SPAN = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)


def normalize(value: object) -> object:
    """Return *value* as ``3,5-7`` if it is that in another spelling, else as it is."""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, int | str) and not isinstance(part, bool) for part in parts):
        return value
    text = ",".join(map(str, parts))
    if len(text) > LONGEST:
        return text
    text = text.strip()
    if text[:1] + text[-1:] in ("[]", "{}", "()"):
        text = text[1:-1]
    words = text.replace('"', "").replace("'", "").replace(",", " , ").replace("-", " - ").split()
    return " ".join(words).replace(" - ", "-").replace(" , ", ",").replace(" ", ",")


def check(value: str) -> str:
    """Return *value* if it is ``3,5-7``; raise ValueError if not."""
    spans = [SPAN.fullmatch(part) for part in value.split(",", MOST)]
    if not all(span and 1 <= int(span[1]) <= int(span[2] or span[1]) for span in spans) or len(spans) > MOST:
        raise ValueError(f"line numbers from 1 and ranges of them, at most {MOST}: 3,5-7")
    return value


def parse(value: str) -> list[tuple[int, int]]:
    """Return the first and last line of every range in ``3,5-7``."""
    return [(int(first), int(last or first)) for first, _, last in (part.partition("-") for part in value.split(","))]
