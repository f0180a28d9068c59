"""Where a browser may be sent after logging in: a path of this site, spelled in the one plain way."""

import re

HOME = "/auth/account"
LONGEST = 2000
# Segments of unreserved characters and harmless escapes; none empty, none of dots. What else a path may legally hold is
# not worth the ways to misread it.
SEGMENT = r"(?!\.{1,2}(?:[/?]|\Z))(?:[A-Za-z0-9._~+=,!-]|%[2-9A-Fa-f][0-9A-Fa-f])+"
LOCAL = re.compile(rf"/(?:{SEGMENT}(?:/{SEGMENT})*/?)?(?:\?[A-Za-z0-9._~+=,!&%:@/*()$;'-]*)?")
# In disguise: a space at the beginning; dot, slash, question mark, backslash, DEL, at, colon, per cent, semicolon; and
# what is no UTF-8.
DISGUISED = re.compile(r"/%20|%(?:2[ef5]|3[abf]|40|5c|7f|c[01]|f[5-f])", re.IGNORECASE)


def local(target: str | None) -> str:
    """Return *target* if it is a path of this site beyond doubt, else the account's page."""
    if not target or len(target) > LONGEST or not LOCAL.fullmatch(target):
        return HOME
    return HOME if DISGUISED.search(target.partition("?")[0]) else target
