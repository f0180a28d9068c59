"""Names and e-mail addresses: what may be one, and the canonical form in which two of them are the same."""

import re
import unicodedata

import idna

from ..errors import Invalid

NAME = re.compile(r"[^\W_](?:[\w.-]{0,62}[^\W_])?")
EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"/\x00-\x1f\x7f]{1,188}")
# What Unicode calls default ignorable: letters among them, and nothing to see. A name with one looks like another name.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def canonical(text: str) -> str:
    """Return *text* so that case, width and Unicode form make no difference: NFKC, case folded, to a fixed point."""
    text = text.strip()
    for _ in range(4):  # folding may undo the form and the other way round, at most so often
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            break
        text = folded
    return text


def name(text: str) -> str:
    """Return *text* as a name to show, or raise Invalid. It never has an @, so that it is nobody's address."""
    shown = unicodedata.normalize("NFKC", text).strip()
    if not NAME.fullmatch(shown) or UNSEEN.search(shown):
        raise Invalid("name", "a name has 1 to 64 letters and digits, with . _ - between them")
    return shown


def email(text: str) -> str:
    """Return *text* as an address to write to, or raise Invalid."""
    shown = unicodedata.normalize("NFC", text).strip()
    if not EMAIL.fullmatch(shown) or not shown.isprintable() or UNSEEN.search(shown) or not _domain_is_plain(shown):
        raise Invalid("email", "an address such as ada@example.com is expected")
    return shown


def email_key(text: str) -> str:
    """Return the form in which two addresses are the same; an international domain is the same as its ASCII form."""
    local, at, domain = unicodedata.normalize("NFKC", text.strip()).rpartition("@")
    return f"{canonical(local)}{at}{_ascii_domain(domain)}"


def login_key(text: str) -> str:
    """Return what to look up for *text*, a name or an address."""
    return email_key(text) if "@" in canonical(text) else canonical(text)


def _ascii_domain(domain: str) -> str:
    try:  # by IDNA 2008: that of 2003, and folding, make one of straße.de and strasse.de, which may have two owners
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return canonical(domain)


def _domain_is_plain(address: str) -> bool:
    labels = email_key(address).rpartition("@")[2].split(".")
    return all(re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
