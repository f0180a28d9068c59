"""What sanitised HTML may hold: one table, for our own cleaning and for nh3, which has the last word."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import nh3

from .markup import VOID, names

ELEMENTS = names(
    """a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd
    del details dfn dir div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins
    kbd label legend li main mark menu meter nav nobr ol p pre progress q rb rp rt rtc ruby s samp search section small
    span strike strong sub summary sup table tbody td tfoot th thead time title tr tt u ul var wbr"""
)
# These go with what is in them; other elements that are not in ELEMENTS leave their content behind.
GONE = names(
    """applet base datalist embed frame frameset iframe input link math meta optgroup option param script select source
    style svg template textarea track"""
)
ANYWHERE = names("class id title lang dir style role hidden translate align valign width height bgcolor")
# Other data- attributes mean something to scripts of the page that shows the result.
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
# Nothing that loads, covers other things or comes from elsewhere.
STYLES = names(
    """background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse
    border-color border-left border-left-color border-left-style border-left-width border-radius border-right border-
    right-color border-right-style border-right-width border-spacing border-style border-top border-top-color border-
    top-style border-top-width border-width caption-side clear color direction display empty-cells float font font-
    family font-size font-style font-variant font-weight height letter-spacing line-height list-style-type margin
    margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width padding padding-bottom
    padding-left padding-right padding-top table-layout text-align text-decoration text-decoration-color text-
    decoration-line text-decoration-style text-indent text-transform unicode-bidi vertical-align visibility white-space
    width word-break word-spacing word-wrap"""
)
# URLs that need no second look: nothing but plain letters, and no scheme but these.
PLAIN_URL = re.compile(
    r"(?:https?://(?:[a-z0-9]+[.-])*[a-z][a-z0-9]*(?=[/?#]|\Z)|(?=[/#?.]|[A-Za-z0-9_][^:]*\Z))"
    r"(?:[\w/.#?=;~+,:@!$*()%-]|&amp;)*\Z",
    re.ASCII,
)

# Tags that need no second look: most of them in most documents.
_PLAIN_NAMES = "|".join(sorted(ELEMENTS - VOID))
PLAIN_TAG = re.compile(
    rf'</?(?:{_PLAIN_NAMES})>\Z|<(?:{_PLAIN_NAMES})(?: class="[^"]*")?>\Z'
    rf'|<a(?: class="[^"]*")? href="{PLAIN_URL.pattern[:-2]}">\Z',
    re.ASCII,
)


def may_have(element: str, attribute: str) -> bool:
    """Say whether the *attribute* of *element* stays, as far as its name tells."""
    return attribute in ANYWHERE or attribute in ATTRIBUTES.get(element, ()) or attribute.startswith(PREFIXES)


@lru_cache(maxsize=1)
def cleaner() -> nh3.Cleaner:
    """Return nh3 set up with these tables."""
    return nh3.Cleaner(
        tags=set(ELEMENTS),
        clean_content_tags=set(GONE),
        attributes={"*": set(ANYWHERE), **{name: set(allowed) for name, allowed in ATTRIBUTES.items()}},
        generic_attribute_prefixes=set(PREFIXES),
        url_schemes=set(SCHEMES),
        filter_style_properties=set(STYLES),
        strip_comments=True,
        link_rel=None,
    )


def clean_url(value: str) -> str | None:
    """Return the escaped URL *value*, None if it goes."""
    return value if PLAIN_URL.match(value) else _asked("a", "href", value)


@lru_cache(maxsize=1024)
def clean_style(value: str) -> str | None:
    """Return what of the escaped ``style`` *value* stays, as nh3 writes it; None if nothing does."""
    return _asked("span", "style", value) or None


def _asked(element: str, attribute: str, value: str) -> str | None:
    """Return what nh3 makes of this attribute; None if it goes."""
    found = re.search(f' {attribute}="([^"]*)"', cleaner().clean(f'<{element} {attribute}="{value}"></{element}>'))
    return found[1] if found else None


def is_web_url(url: str) -> bool:
    """Say whether links can be relative to *url*."""
    try:
        return bool(re.match(r"https?://[^\s/?#]+", url, re.IGNORECASE)) and bool(urlsplit(url).hostname)
    except ValueError:
        return False
