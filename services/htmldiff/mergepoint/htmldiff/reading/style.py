"""Parse ``style`` attributes and compare their meaning. Knows the syntax of CSS; not which properties are allowed."""

import re
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# Strings, closed or not; escapes; brackets and separators; everything else.
TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|\\.?|[();,/]|[ \t\n\f\r]+|[^\"'\\();,/ \t\n\f\r]+", re.DOTALL
)
IMPORTANT = re.compile(r"!\s*important\s*\Z", re.IGNORECASE)
NUMBER = re.compile(r"\A([+-]?)(\d*)(?:\.(\d+))?(%|[a-z]*)\Z")
SHORT_COLOR = re.compile(r"#[0-9a-f]{3,4}\Z")
LENGTHS = frozenset(("px", "em", "rem", "ex", "ch", "pt", "pc", "cm", "mm", "in"))
WORDS = {("font-weight", "normal"): "400", ("font-weight", "bold"): "700"}

MOST_COMPARED = 100  # declarations, of which each pair is compared

# Shorthands whose longhands do not begin with their name.
LONGHANDS = {
    "columns": ("column-count", "column-width"),
    "flex-flow": ("flex-direction", "flex-wrap"),
    "font": ("line-height",),
    "gap": ("column-gap", "row-gap"),
    "inset": ("bottom", "left", "right", "top"),
}
SIDES = frozenset(("top", "right", "bottom", "left"))
LOGICAL = frozenset(("block", "inline"))
BOXES = ("border", "margin", "padding")
# Their names begin with "border-", but the shorthand ``border`` does not set them.
NO_BORDERS = ("border-radius", "border-collapse", "border-spacing")


class Declaration(NamedTuple):
    """One property and its value, ``!important`` aside."""

    name: str
    value: str
    important: bool = False

    def __str__(self) -> str:
        return f"{self.name}:{self.value}{'!important' if self.important else ''}"


def declarations(style: str) -> list[Declaration]:
    """Return the declarations of *style* in order, without those that are malformed."""
    found = []
    for text in _cut(COMMENT.sub(" ", style), ";"):
        name, colon, value = text.partition(":")
        name, value = name.strip(), value.strip()
        plain = IMPORTANT.sub("", value).strip()
        if colon and name and plain:
            found.append(Declaration(name if name.startswith("--") else name.lower(), plain, plain != value))
    return found


def parts(value: str) -> list[str]:
    """Return *value* split into words, functions, strings, commas and slashes."""
    return _cut(value, ",/ \t\n\f\r")


def _cut(text: str, separators: str) -> list[str]:
    """Return *text* split at *separators* outside of strings and brackets; commas and slashes are parts too."""
    found: list[str] = []
    part: list[str] = []
    depth = 0
    for token in TOKEN.findall(text):
        if not depth and token[0] in separators:
            found += ["".join(part)] if part else []
            found += [token] if token in ",/" else []
            part = []
            continue
        depth += (token == "(") - (token == ")" and depth > 0)
        part.append(token)
    return [*found, "".join(part)] if part else found


@lru_cache(maxsize=1024)
def meaning(style: str) -> str:
    """Return a key that is the same for every way to write the declarations of *style*.

    The order of two declarations counts only where one may override the other; that of more than MOST_COMPARED always.
    """
    told = [(each.name, _plain(each), each.important) for each in declarations(style)]
    if len(told) > MOST_COMPARED:
        return str(told)
    orders = [(one, other) for one, other in combinations(told, 2) if one != other and overlap(one[0], other[0])]
    return f"{sorted(told)}{sorted(orders) or ''}"


def overlap(one: str, other: str) -> bool:
    """Return whether the properties *one* and *other* may set the same thing, so that their order matters."""
    if one == other or "all" in (one, other):
        return True
    for short, long in ((one, other), (other, one)):
        if long in LONGHANDS.get(short, ()) or (long.startswith(f"{short}-") and not long.startswith(NO_BORDERS)):
            return True
    if one.startswith(NO_BORDERS) or other.startswith(NO_BORDERS):
        return False
    return any(one.startswith(f"{box}-") and other.startswith(f"{box}-") for box in BOXES) and _meet(one, other)


def _meet(one: str, other: str) -> bool:
    """Return whether two longhands of a box share a side and, for borders, set the same thing there."""
    words, others = set(one.split("-")[1:]), set(other.split("-")[1:])
    sides, other_sides = words & SIDES, others & SIDES
    if sides and other_sides and not sides & other_sides:
        return False
    if words & LOGICAL and others & LOGICAL and not words & others & LOGICAL:
        return False
    if ("start" in words and "end" in others) or ("end" in words and "start" in others):
        return False
    position = SIDES | LOGICAL | {"start", "end"}
    sets, other_sets = words - position, others - position
    return not (sets and other_sets) or bool(sets & other_sets)


def _plain(declaration: Declaration) -> str:
    if declaration.name.startswith("--"):
        return declaration.value
    return " ".join(_plain_part(declaration.name, part) for part in parts(declaration.value))


def _plain_part(name: str, part: str) -> str:
    if part[0] in "\"'":
        return f'"{part[1:-1]}"'
    if "(" in part:
        return part if part.lower().startswith("url(") else re.sub(r"\s*([(),/])\s*", r"\1", part.lower())
    part = part.lower()
    if SHORT_COLOR.match(part):
        return "#" + "".join(digit * 2 for digit in part[1:])
    return WORDS.get((name, part)) or _plain_number(part)


def _plain_number(part: str) -> str:
    found = NUMBER.match(part)
    if not found or not (found[2] or found[3]):
        return part
    sign, whole, fraction, unit = found.groups()
    whole, fraction = whole.lstrip("0"), (fraction or "").rstrip("0")
    if not whole and not fraction:
        return "0" if unit in LENGTHS else f"0{unit}"
    return f"{sign.replace('+', '')}{whole or '0'}{'.' if fraction else ''}{fraction}{unit}"
