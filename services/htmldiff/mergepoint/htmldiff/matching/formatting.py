"""What a start tag means: its name, its attributes, of ``class`` and ``style`` what they say, however it is written."""

import re
from functools import lru_cache

from ..reading.markup import attributes, name_of, names, unescape
from ..reading.style import meaning

# Without attributes they do nothing to what is in them.
IDLE = ("<span>", "<font>")
# White space does not show what these do.
UNSEEN_ON_SPACE = names("b strong i em span font")
EMPTY = re.compile(r"<(abbr|b|big|cite|code|dfn|em|font|i|kbd|mark|s|samp|small|span|strong|sub|sup|tt|u|var)></\1>")


@lru_cache(maxsize=4096)
def tag_meaning(tag: str) -> str:
    """Return the same for all ways to write what *tag* means."""
    if ' class="' not in tag and ' style="' not in tag:
        return tag
    given = attributes(tag)
    if "class" in given:
        given["class"] = " ".join(sorted(set(given["class"].split())))
    if "style" in given:
        given["style"] = meaning(unescape(given["style"]))
    return f"<{name_of(tag)} {sorted(given.items())}"


def format_of(tag: str) -> str:
    """Return what *tag* does to the text in it, nothing if it does nothing."""
    return "" if tag in IDLE else tag_meaning(tag)


def shows_nothing(html: str) -> bool:
    """Say whether *html* is nothing but formatting of nothing."""
    while html:
        html, found = EMPTY.subn("", html)
        if not found:
            return False
    return True
