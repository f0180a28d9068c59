"""Finds the gaps that sanitising left and readers would see: the name of the removed element, and its position.

A second reading of the document leaves a comment for each removed thing, records the positions of the comments, and
removes them again.
"""

from ..errors import HtmldiffError
from .canonical import Document, Gap, canonicalize
from .clean import Removed, Rules
from .markup import attributes, name_of

KINDS = {
    "applet": "object",
    "audio": "audio",
    "canvas": "canvas",
    "embed": "object",
    "iframe": "frame",
    "img": "picture",
    "input": "field",
    "math": "formula",
    "object": "object",
    "select": "choice",
    "svg": "drawing",
    "textarea": "field",
    "video": "video",
}
INPUTS = {"checkbox": "checkbox", "radio": "choice", "submit": "button", "reset": "button", "button": "button"}


def kind_of(removed: Removed) -> str:
    """Return what readers call the removed element, a value of KINDS or INPUTS; "" if they would not have seen it."""
    name = name_of(removed.html) or removed.html.partition(" ")[0]
    if name == "img" and not removed.html.startswith("img src="):
        return ""
    if name == "input":
        kind = attributes(removed.html.partition(">")[0] + ">").get("type", "").lower()
        return "" if kind == "hidden" else INPUTS.get(kind, KINDS[name])
    is_element = removed.html.startswith("<") or name == "img"
    return KINDS.get(name, "") if is_element else ""


def find_gaps(html: str, document: Document, rules: Rules) -> dict[int, Gap]:
    """Return the gaps of *document*, which was read from *html*, by their indexes in ``document.removed``.

    Return none if the comments of the second reading would change how the rest is read.
    """
    if not any(map(kind_of, document.removed)) or rules.MARK in html:
        return {}
    try:
        marked = canonicalize(html, rules.marking())
    except HtmldiffError:
        return {}
    found: dict[int, int] = {}
    plain: list[str] = []
    length = 0
    for piece in marked.pieces:
        if piece.startswith(rules.MARK):
            found[int(piece[len(rules.MARK) : -3])] = length
        else:
            plain.append(piece)
            length += len(piece)
    # The comments may have kept apart two texts that are one without them.
    same_removals = [each.gone for each in marked.removed] == [each.gone for each in document.removed]
    if "".join(plain) != document.html or not same_removals:
        return {}
    kinds = {index: kind_of(document.removed[index]) for index in found}
    return {index: Gap(kinds[index], offset) for index, offset in found.items() if kinds[index]}
