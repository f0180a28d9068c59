"""The allowlist of sanitised HTML: one set of tables for clean.py and for nh3, which sanitises last."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import nh3

from .markup import VOID, escape, names, unescape
from .style import Declaration, declarations, parts

ELEMENTS = names(
    """a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd
    del details dfn dir div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins
    kbd label legend li main mark menu meter nav nobr ol p pre progress q rb rp rt rtc ruby s samp search section small
    span strike strong sub summary sup table tbody td tfoot th thead time title tr tt u ul var wbr"""
)
# These are removed with their content; of other elements that are not in ELEMENTS the content stays.
REMOVED_WITH_CONTENT = names(
    """applet base datalist embed frame frameset iframe input link math meta optgroup option param script select source
    style svg template textarea track"""
)
ANYWHERE = names("class id title lang dir style role hidden translate align valign width height bgcolor")
# Other data- attributes are removed: scripts of the page that shows the result may react to them.
PREFIXES = ("aria-", "data-diff-", "data-input-diff-")
ATTRIBUTES = {
    "a": frozenset(("href", "hreflang", "name", "rel")),
    "blockquote": frozenset(("cite",)),
    "br": frozenset(("clear",)),
    "col": frozenset(("span",)),
    "colgroup": frozenset(("span",)),
    "data": frozenset(("value",)),
    "del": frozenset(("cite", "datetime")),
    "details": frozenset(("open",)),
    "font": frozenset(("color", "face", "size")),
    "hr": frozenset(("color", "noshade", "size")),
    "img": frozenset(("alt", "border", "hspace", "loading", "src", "vspace")),
    "ins": frozenset(("cite", "datetime")),
    "li": frozenset(("type", "value")),
    "meter": frozenset(("high", "low", "max", "min", "optimum", "value")),
    "ol": frozenset(("compact", "reversed", "start", "type")),
    "progress": frozenset(("max", "value")),
    "q": frozenset(("cite",)),
    "table": frozenset(("border", "cellpadding", "cellspacing", "frame", "rules", "summary")),
    "td": frozenset(("abbr", "axis", "char", "colspan", "headers", "nowrap", "rowspan", "scope")),
    "th": frozenset(("abbr", "axis", "char", "colspan", "headers", "nowrap", "rowspan", "scope")),
    "time": frozenset(("datetime",)),
    "ul": frozenset(("compact", "type")),
}
URLS = frozenset(("href", "src", "cite"))
SCHEMES = frozenset(("http", "https", "mailto", "tel", "ftp", "xmpp", "irc"))
# No property that loads something or covers other elements. nh3 checks only names, so shorthands that may load a
# picture are missing here: SHORTHANDS replaces them by the longhand of their harmless part.
STYLES = names(
    """
    background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width
    border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius
    border-right border-right-color border-right-style border-right-width border-spacing border-style border-top
    border-top-color border-top-style border-top-width border-width caption-side clear color direction display
    empty-cells float font font-family font-size font-style font-variant font-weight height letter-spacing line-height
    list-style-type margin margin-block margin-block-end margin-block-start margin-bottom margin-inline
    margin-inline-end margin-inline-start margin-left margin-right margin-top max-height max-width min-height min-width
    opacity padding padding-block padding-block-end padding-block-start padding-bottom padding-inline
    padding-inline-end padding-inline-start padding-left padding-right padding-top page-break-after page-break-before
    page-break-inside table-layout text-align text-decoration text-decoration-color text-decoration-line
    text-decoration-style text-indent text-transform unicode-bidi vertical-align visibility white-space width word-break
    word-spacing word-wrap
    """
)
LEAST_OPACITY = 0.3  # below it, marks are hard to see
# Functions that may load something, and escapes, which could spell their names.
LOADS = re.compile(r"\\|(?:url|src|image|image-set|cross-fade|element|paint|attr|expression)\s*\(", re.IGNORECASE)
COLOR = re.compile(
    r"(?:#[0-9a-f]{3,8}|(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\(.*\)|[a-z]+)\Z",
    re.IGNORECASE,
)
NO_COLORS = names(
    """repeat no-repeat repeat-x repeat-y space round center top bottom left right scroll fixed local border-box
    padding-box content-box text auto cover contain none"""
)
NO_MARKERS = names("inside outside none")

# URLs that are harmless as they are: plain characters, and http, https or no scheme.
PLAIN_URL = re.compile(
    r"(?:https?://(?:[a-z0-9]+[.-])*[a-z][a-z0-9]*(?=[/?#]|\Z)|(?=[/#?.]|[A-Za-z0-9_][^:]*\Z))"
    r"(?:[\w/.#?=;~+,:@!$*()%-]|&amp;)*\Z",
    re.ASCII,
)

# Tags that are harmless as they are: most tags of most documents.
_PLAIN_NAMES = "|".join(sorted(ELEMENTS - VOID))
PLAIN_TAG = re.compile(
    rf'</?(?:{_PLAIN_NAMES})>\Z|<(?:{_PLAIN_NAMES})(?: class="[^"]*")?>\Z'
    rf'|<a(?: class="[^"]*")? href="{PLAIN_URL.pattern[:-2]}">\Z',
    re.ASCII,
)


def may_have(element: str, attribute: str) -> bool:
    """Return whether *element* may have an attribute of the name *attribute*; its value is checked elsewhere."""
    return attribute in ANYWHERE or attribute in ATTRIBUTES.get(element, ()) or attribute.startswith(PREFIXES)


@lru_cache(maxsize=1)
def cleaner() -> nh3.Cleaner:
    """Return nh3 set up with these tables."""
    return nh3.Cleaner(
        tags=set(ELEMENTS),
        clean_content_tags=set(REMOVED_WITH_CONTENT),
        attributes={"*": set(ANYWHERE), **{name: set(allowed) for name, allowed in ATTRIBUTES.items()}},
        generic_attribute_prefixes=set(PREFIXES),
        url_schemes=set(SCHEMES),
        filter_style_properties=set(STYLES),
        strip_comments=True,
        link_rel=None,
    )


def clean_url(value: str) -> str | None:
    """Return the escaped URL *value* as nh3 writes it; None if it is not allowed."""
    return value if PLAIN_URL.match(value) else _clean_attribute("a", "href", value)


class Style(NamedTuple):
    """A sanitised ``style`` attribute: *kept*, escaped as nh3 writes it, or None; and the removed rest, *gone*."""

    kept: str | None
    gone: str


@lru_cache(maxsize=1024)
def clean_style(value: str) -> Style:
    """Return the escaped ``style`` *value* sanitised: its declarations that are allowed, and those that are not."""
    kept: list[str] = []
    gone: list[str] = []
    for given in declarations(unescape(value)):
        declaration, whole = _allow(given)
        kept += [str(declaration)] if declaration else []
        gone += [] if whole else [str(given)]
    written = _clean_attribute("span", "style", escape(";".join(kept))) if kept else None
    return Style(written or None, ";".join(gone))


def _allow(given: Declaration) -> tuple[Declaration | None, bool]:
    """Return the allowed form of the declaration *given*, None if there is none, and whether it is complete."""
    if reading := SHORTHANDS.get(given.name):
        name, value, whole = reading(given.value)
        return (given._replace(name=name, value=value) if value else None), whole
    stays = given.name in STYLES and not LOADS.search(given.value)
    if given.name == "opacity":
        stays = stays and _opacity(given.value) >= LEAST_OPACITY
    return (given if stays else None), stays


def _background(value: str) -> tuple[str, str, bool]:
    """Return the colour of a background: the last of its layers may name one."""
    words = parts(value)
    colors = [word for word in words if COLOR.match(word) and word.lower() not in NO_COLORS and not LOADS.search(word)]
    if len(words) == 1 and words[0].lower() == "none":
        colors = ["transparent"]
    return "background-color", colors[0] if len(colors) == 1 else "", len(words) == len(colors) == 1


def _list_style(value: str) -> tuple[str, str, bool]:
    """Return the marker of a list's items: a name, a string, or none."""
    words = parts(value)
    markers = [word for word in words if "(" not in word and not LOADS.search(word) and word.lower() not in NO_MARKERS]
    if not markers and any(word.lower() == "none" for word in words):
        markers = ["none"]
    return "list-style-type", markers[0] if len(markers) == 1 else "", len(words) == len(markers) == 1


SHORTHANDS: Mapping[str, Callable[[str], tuple[str, str, bool]]] = {
    "background": _background,
    "list-style": _list_style,
}


def _opacity(value: str) -> float:
    """Return the opacity that *value* says, 0 to 1; -1 if it is no number."""
    try:
        return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        return -1


def _clean_attribute(element: str, attribute: str, value: str) -> str | None:
    """Return the attribute's *value* as nh3 sanitises it; None if nh3 removes the attribute."""
    found = re.search(f' {attribute}="([^"]*)"', cleaner().clean(f'<{element} {attribute}="{value}"></{element}>'))
    return found[1] if found else None
