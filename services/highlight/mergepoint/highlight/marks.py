"""Lines with a meaning: added, deleted, wrong, in focus. How they are written, and what they look like.

A tint leaves what it is laid over readable, on light backgrounds and on dark ones; the bar beside it does not depend on
telling two tints apart, nor does the wave under what is wrong.
"""

import re
from collections.abc import Iterable

from . import lines

Marks = tuple[tuple[int, tuple[str, ...]], ...]
"""Numbers of lines, counted from 1 and in order, each with the kinds of its marks."""

# Red, green and blue of each kind, and how the lines look besides.
KINDS = {
    "add": ((46, 160, 67), ""),
    "del": ((229, 83, 75), ""),
    "error": ((218, 54, 160), "; text-decoration: underline wavy rgb(218, 54, 160)"),
    "focus": ((56, 139, 253), ""),
}
BOX = "display: inline-block; min-width: 100%; min-height: 1.25em; min-height: 1lh; vertical-align: top"
TINT = 0.15  # how much of its colour a line gets; more would take text below the contrast of WCAG 2, 1.4.3
WANTED = f"lines after their kind ({', '.join(KINDS)}), at most {lines.MOST}: add:3,del:5,focus:9-12"
SPAN = re.compile(r"(?:([a-z]+):)?([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)


def normalize(value: object) -> object:
    """Return *value* as ``add:3,del:5-7`` if it is that in another spelling, or lines by their kind, else as it is."""
    if isinstance(value, dict):
        spelling = {kind: lines.normalize(numbers) for kind, numbers in value.items()}
        value = [f"{kind}:{numbers}" for kind, numbers in spelling.items() if numbers]
    text = lines.normalize(value)
    return re.sub(",?:,?", ":", text) if isinstance(text, str) else text


def check(value: str) -> str:
    """Return *value* if it is ``add:3,del:5-7``; raise ValueError if not."""
    parse(value)
    return value


def parse(value: str) -> list[tuple[str, int, int]]:
    """Return kind, first and last line of every range in ``add:3,5-7,del:9``; one without a kind has that before it."""
    found: list[tuple[str, int, int]] = []
    kind = ""
    for part in value.split(","):
        match = SPAN.fullmatch(part)
        kind = (match[1] or kind) if match else ""
        if not match or kind not in KINDS or not 1 <= int(match[2]) <= int(match[3] or match[2]):
            raise ValueError(WANTED)
        found.append((kind, int(match[2]), int(match[3] or match[2])))
    if len(found) > lines.MOST:
        raise ValueError(WANTED)
    return found


def on_lines(spans: Iterable[tuple[str, int, int]], last_line: int) -> Marks:
    """Return the marks of *spans* up to *last_line*."""
    marked: dict[int, dict[str, None]] = {}
    for kind, first, last in spans:
        for line in range(first, min(last, last_line) + 1):
            marked.setdefault(line, {})[kind] = None
    return tuple((line, tuple(kinds)) for line, kinds in sorted(marked.items()))


def classes(kinds: Iterable[str]) -> str:
    """Return the classes of a line with marks of *kinds*."""
    return " ".join(f"hl-{kind}" for kind in kinds)


def declarations(kind: str) -> str:
    """Return the CSS of a line with a mark of *kind*: as wide as the code, also when it is empty.

    No block, around which a browser would copy a line end more than there is.
    """
    (red, green, blue), more = KINDS[kind]
    colour = f"{red}, {green}, {blue}"
    return f"{BOX}; background-color: rgba({colour}, {TINT}); box-shadow: inset 2px 0 rgb({colour}){more}"


def rules(selector: str) -> list[str]:
    """Return the CSS for marked lines below *selector*."""
    return [f"{selector} .hl-{kind} {{ {declarations(kind)} }}" for kind in KINDS]


def over(background: str, kind: str) -> tuple[int, int, int]:
    """Return the colour of a line of *kind* on *background* (``#rrggbb`` or ``#rgb``), for formats that cannot mix."""
    digits = background.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    below = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    red, green, blue = (round(low + (high - low) * TINT) for low, high in zip(below, KINDS[kind][0], strict=True))
    return red, green, blue
