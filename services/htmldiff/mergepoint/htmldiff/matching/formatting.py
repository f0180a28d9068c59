"""The meaning of start tags, independent of how they are written, and which formatting has no visible effect."""

import re
from functools import lru_cache

from ..reading.markup import attributes, name_of, names, unescape
from ..reading.style import meaning

# Start tags of elements that, without attributes, have no effect.
IDLE = ("<span>", "<font>")
# Elements whose formatting does not show on white space.
UNSEEN_ON_SPACE = names("b strong i em span font")
EMPTY = re.compile(r"<(abbr|b|big|cite|code|dfn|em|font|i|kbd|mark|s|samp|small|span|strong|sub|sup|tt|u|var)></\1>")


@lru_cache(maxsize=4096)
def tag_meaning(tag: str) -> str:
    """Return a key that is the same for all ways to write *tag*: order of classes, spelling of styles."""
    if ' class="' not in tag and ' style="' not in tag:
        return tag
    given = attributes(tag)
    if "class" in given:
        given["class"] = " ".join(sorted(set(given["class"].split())))
    if "style" in given:
        given["style"] = meaning(unescape(given["style"]))
    return f"<{name_of(tag)} {sorted(given.items())}"


def format_of(tag: str) -> str:
    """Return a key for the formatting that *tag* gives to its text; "" if it gives none."""
    return "" if tag in IDLE else tag_meaning(tag)


def shows_nothing(html: str) -> bool:
    """Return whether *html* consists only of empty formatting elements."""
    while html:
        html, found = EMPTY.subn("", html)
        if not found:
            return False
    return True
