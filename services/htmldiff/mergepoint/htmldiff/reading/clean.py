"""One sanitising pass over canonical markup: removes and renames, and lists the removed things. It is idempotent."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from ..errors import TooComplex
from . import policy
from .limits import MOST_ATTRIBUTES
from .markup import (
    ATTRIBUTE,
    MARKUP,
    OUR_ID,
    OURS,
    RAW,
    VOID,
    escape,
    escape_text,
    is_end,
    name_of,
    start_tag,
    unescape,
)

# Elements that are removed together with their PARTS_OF_MEDIA, as one removed thing.
MEDIA = frozenset(("video", "audio"))
PARTS_OF_MEDIA = frozenset(("source", "track"))
RENAMED = "data-input-diff-"


class Removed(NamedTuple):
    """Something that cleaning removed: *html* as it stood, and *gone*, the removed part, by which two are compared."""

    html: str
    gone: str


class TooManyAttributesInTag(ValueError):
    """More than MOST_ATTRIBUTES."""


class Rules(dict[str, str]):
    """The cleaned form of each tag: the same tag, another, or "" if it is removed. Computed once for each tag.

    *removed* lists the removed things of each tag; *gone* has the tags of elements that are removed with their content.
    """

    MARK = "<!--lost "  # the start of a comment in the place of a removed thing

    def __init__(self, *, sanitize: bool = True, base_url: str | None = None, marks: bool = False) -> None:
        super().__init__()
        self.sanitize = sanitize
        self.base_url = base_url
        self.marks = marks
        self.removed: dict[str, list[Removed]] = {}
        self.gone: set[str] = set()

    def marking(self) -> "Rules":
        """Return the same rules, which also leave a comment in the place of each removed thing."""
        return Rules(sanitize=self.sanitize, base_url=self.base_url, marks=True)

    def __missing__(self, tag: str) -> str:
        verdict = self[tag] = self._judge(tag)
        return verdict

    def _judge(self, tag: str) -> str:
        if self.sanitize and not self.base_url and policy.PLAIN_TAG.match(tag):
            return tag
        name = name_of(tag)
        if not name:
            return self._judge_comment(tag)
        if is_end(tag):
            return self._judge_end(tag, name)
        if name in RAW:
            return self._judge_raw(tag, name)
        if self.sanitize and name in policy.REMOVED_WITH_CONTENT:
            self.gone.add(tag)
            return ""
        if self.sanitize and name not in policy.ELEMENTS:
            self.removed[tag] = [Removed(tag, tag)]
            return ""
        return self._judge_head(tag, name)

    def _judge_comment(self, tag: str) -> str:
        if self.marks and tag.startswith(self.MARK):
            return tag
        if self.sanitize:
            self.removed[tag] = [Removed(tag, tag)]
            return ""
        # HTML parsers make a comment of a processing instruction; lexbor keeps it.
        return f"<!--{tag[1:-1]}-->" if tag.startswith("<?") else tag

    def _judge_end(self, tag: str, name: str) -> str:
        kept = not self.sanitize or (name in policy.ELEMENTS and name not in VOID)
        return tag if kept else ""

    def _judge_raw(self, tag: str, name: str) -> str:
        """Judge a raw text element: its content is shown as text, or it is removed as a whole."""
        if not self.sanitize:
            return self._judge_head(tag, name)
        self.removed[tag] = [Removed(tag, tag)]
        return "" if name in policy.REMOVED_WITH_CONTENT else escape_text(tag[tag.index(">") + 1 : -len(name) - 3])

    def _judge_head(self, tag: str, name: str) -> str:
        head, _, rest = tag.partition(">")
        return self._judge_attributes(f"{head}>", name) + rest if " " in head else tag

    def _judge_attributes(self, tag: str, name: str) -> str:
        given = ATTRIBUTE.findall(tag)
        if len(given) > MOST_ATTRIBUTES:
            raise TooManyAttributesInTag
        removed = self.removed.setdefault(tag, [])
        kept: dict[str, str] = {}
        for key, raw in sorted(given):
            value = self._resolve_url(key, raw)
            clean, gone = self._clean(name, key, value)
            if gone:
                removed.append(Removed(f'{name} {key}="{value}"', f'{name} {key}="{gone}"'))
            if clean is not None:
                kept[_rename(key, clean, kept)] = clean
        if not removed:
            del self.removed[tag]
        return start_tag(name, dict(sorted(kept.items())))

    def _resolve_url(self, key: str, value: str) -> str:
        if not self.base_url or key not in policy.URLS:
            return value
        try:
            return escape(urljoin(self.base_url, unescape(value).strip()))
        except ValueError:  # not a URL that a browser could open, such as //[
            return value

    def _clean(self, name: str, key: str, value: str) -> tuple[str | None, str]:
        """Return the allowed part of an attribute's *value*, None if the attribute is removed, and the removed part."""
        if not self.sanitize:
            return value, ""
        if not policy.may_have(name, key):
            return None, value or key
        if key in policy.URLS:
            clean = policy.clean_url(value)
            return clean, "" if clean == value else value
        return policy.clean_style(value) if key == "style" else (value, "")


def _rename(key: str, value: str, kept: dict[str, str]) -> str:
    """Return a name for the attribute *key* that differs from all those this service writes, and those in *kept*."""
    if key.startswith(OURS):
        key = RENAMED + key.removeprefix(OURS)
    if key == "id" and OUR_ID.match(value):
        key = RENAMED + key
    while key in kept:
        key = RENAMED + key
    return key


def clean(html: str, rules: Rules, before: int = 0) -> tuple[list[str], list[Removed]]:
    """Return canonical *html* cleaned by *rules*, split into text and markup by turns, and the removed things.

    *before* is the number of things that earlier passes removed.
    """
    pieces = MARKUP.split(html.replace("\r", "\n"))
    tags = pieces[1::2]
    verdicts = list(map(rules.__getitem__, tags))
    removed: list[Removed] = []
    if (rules.gone and not rules.gone.isdisjoint(tags)) or (rules.marks and rules.removed):
        pieces, removed = _without(pieces, verdicts, rules, before)
        return MARKUP.split("".join(pieces)), removed
    if rules.removed:
        removed = [thing for tag in tags for thing in rules.removed.get(tag, ())]
    pieces[1::2] = verdicts
    as_is = removed == [] or not any(verdict == "" or verdict.count("<") != 1 for verdict in verdicts)
    return (pieces if as_is else MARKUP.split("".join(pieces))), removed


def _without(pieces: list[str], verdicts: list[str], rules: Rules, before: int) -> tuple[list[str], list[Removed]]:
    """Remove elements with their content, in one walk over the document."""
    kept: list[str] = []
    removed: list[Removed] = []
    media: int | None = None  # index in *removed* of the open media element, which its sources are part of
    steps = zip(pieces[::2], [*pieces[1::2], ""], [*verdicts, ""], strict=True)
    for text, tag, verdict in steps:
        kept.append(text)
        name = name_of(tag)
        taken: Sequence[Removed] = rules.removed.get(tag, ())
        if tag in rules.gone:
            whole = tag + _content(tag, steps)
            taken = [Removed(whole, whole)]
            if name in PARTS_OF_MEDIA and media is not None:
                removed[media] = Removed(removed[media].html + whole, removed[media].gone + whole)
                continue
        if name in MEDIA:
            media = None if is_end(tag) else len(removed)
        if rules.marks and taken:
            kept += [f"{rules.MARK}{before + len(removed) + place}-->" for place in range(len(taken))]
        removed += taken
        kept.append("" if tag in rules.gone else verdict)
    return kept, removed


def _content(tag: str, steps: Iterator[tuple[str, str, str]]) -> str:
    """Read on to the end of the element that *tag* opens; return its content."""
    name = name_of(tag)
    if name in VOID or tag.endswith(f"</{name}>"):
        return ""
    content: list[str] = []
    depth = 1
    for text, inner, _ in steps:
        content.append(text)
        if name_of(inner) == name:
            depth += -1 if is_end(inner) else 1
        if not depth:
            return "".join(content)
        content.append(inner)
    raise TooComplex(f"an element {name} has no end tag")
