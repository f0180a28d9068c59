"""The markup of a change: the classes and elements of classic markup, and the attributes that full markup adds."""

from ..reading.markup import ATTRIBUTE, NEVER_NESTED, SPACE, add_class, attributes, escape, name_of
from ..reading.tree import Tag

CLASS = "tagdiff_"
ADDED, DELETED, REPLACED, MOVED = "tagdiff_added", "tagdiff_deleted", "tagdiff_replaced", "tagdiff_moved"
ID = "data-diff-id"  # the number of the change; 0: an invisible difference
# "tag": only the tag is on one side; its content is not part of this change.
SCOPE = "data-diff-scope"
# The old tag's name, where it differs or is not written; its attributes, where they differ; the names of new ones.
TAG = "data-diff-tag"
OLD = "data-diff-old-"
NEW_ATTRIBUTES = "data-diff-added"
# "old" or "new": the side of an invisible element, which has no class for that.
SIDE = "data-diff-side"
# The sides on which this element continues the one that ends right before it.
JOINS = "data-diff-joins"
# Number of the change, on a link between the two positions of a moved block; in neither document.
LINK = "data-diff-link"
# Number of the change, on a note for a removed element; in neither document.
PLACEHOLDER = "data-diff-placeholder"
# The old white space before the start tag and before the end tag, where it differs.
LEAD = "data-diff-lead"
TAIL = "data-diff-tail"


def mark_inline(html: str, mark: str, more: str, *, full: bool) -> str:
    """Return inline *html* marked as ``del`` or ``ins``; white space before it is outside, except in full markup."""
    if not html:
        return ""
    if full:
        return f"<{mark}{more}>{html}</{mark}>"
    inner = html.lstrip(SPACE)
    space = html[: len(html) - len(inner)]
    return f"{space}<{mark}{more}>{inner}</{mark}>" if inner else f"<{mark}{more}>{space}</{mark}>"


def id_attribute(change: int, *, full: bool) -> str:
    """Return the attribute with the number of the *change*; empty unless *full*."""
    return f' {ID}="{change}"' if full else ""


def carry_unseen(html: str, mark: str) -> str:
    """Return invisible inline *html* as full markup carries it."""
    return f'<{mark} {ID}="0">{html}</{mark}>' if html else ""


def mark_quiet(old: Tag | None, new: Tag | None) -> tuple[str, str]:
    """Return start and end of an element whose tags differ in nothing that is seen, as full markup carries it."""
    more = joins_attribute(old, new)
    if new and old:
        more += _differences(old, new)
        if not more:
            return new.tag, new.end
        more = f' {ID}="0"{more}'
        return (f"{new.tag[:-1]}{more}>" if CLASS not in new.tag else add_class(new.tag, REPLACED, more)), new.end
    more = f' {ID}="0"{more}'
    tag = new or old
    assert tag
    more += f' {SCOPE}="tag" {SIDE}="{"new" if new else "old"}"'
    if old and old.name in NEVER_NESTED:
        return stand_in(old.tag, more, full=True), "</span>"
    return f"{tag.tag[:-1]}{more}>", tag.end


def mark_column(tag: str, number: int, *, is_new: bool) -> str:
    """Return the start *tag* of a colgroup as full markup carries it: the old one does not show."""
    if is_new:
        return add_class(tag, ADDED, f' {ID}="{number}"')
    hidden = "" if ' hidden="' in tag else f' {NEW_ATTRIBUTES}="hidden" hidden=""'
    return add_class(tag, DELETED, f' {ID}="{number}"{hidden}')


def joins_attribute(old: Tag | None, new: Tag | None) -> str:
    """Return the attribute that says on which sides an element goes on."""
    sides = [name for name, tag in (("old", old), ("new", new)) if tag and not tag.begins]
    return f' {JOINS}="{" ".join(sides)}"' if sides else ""


def link_to_other(change: int, place: str, *, full: bool) -> str:
    """Return an empty link, which a style sheet may fill, to the other position of a moved block."""
    ours = f' {LINK}="{change}"' if full else ""
    return f'<a class="tagdiff_link"{ours} href="#diff-{change}-{place}"></a>'


def mark_added(tag: str, more: str, *, full: bool) -> str:
    """Return the start *tag* of an element that is new around content that stayed."""
    return add_class(tag, ADDED, _tag_only(more, full=full))


def mark_deleted(tag: str, more: str, *, full: bool) -> tuple[str, str]:
    """Return start and end tag of an element that is deleted around its content; a stand-in if it could not nest."""
    name = name_of(tag)
    if name not in NEVER_NESTED:
        return add_class(tag, DELETED, _tag_only(more, full=full)), f"</{name}>"
    return stand_in(tag, f' class="{DELETED}"{_tag_only(more, full=full)}', full=full), "</span>"


def _tag_only(more: str, *, full: bool) -> str:
    return f'{more} {SCOPE}="tag"' if full else more


def stand_in(tag: str, more: str = "", *, full: bool) -> str:
    """Return the start tag of a ``span`` instead of *tag*, which is not allowed here."""
    if not full:
        return f"<span{more}>"
    kept = "".join(f' {OLD}{key}="{value}"' for key, value in ATTRIBUTE.findall(tag))
    return f'<span{more} {TAG}="{name_of(tag)}"{kept}>'


def mark_replaced(old: Tag, new: Tag, more: str, *, full: bool, shows: bool) -> str:
    """Return the start tag of *new*, which was *old*; *shows* is whether more than white space differs."""
    if not full:
        return add_class(new.tag, REPLACED, more) if shows else new.tag
    more += _differences(old, new)
    if not shows and CLASS not in new.tag:  # else a class of the input could be taken for ours
        return f"{new.tag[:-1]}{more}>"
    return add_class(new.tag, REPLACED, more)


def _differences(old: Tag, new: Tag) -> str:
    before, after = attributes(old.tag), attributes(new.tag)
    told = [f'{TAG}="{old.name}"'] if old.name != new.name else []
    told += [f'{OLD}{key}="{value}"' for key, value in before.items() if after.get(key) != value]
    if gained := [key for key in after if key not in before]:
        told.append(f'{NEW_ATTRIBUTES}="{escape(" ".join(gained))}"')
    if old.lead != new.lead:
        told.append(f'{LEAD}="{escape(old.lead)}"')
    if old.tail != new.tail:
        told.append(f'{TAIL}="{escape(old.tail)}"')
    return "".join(f" {attribute}" for attribute in told)
