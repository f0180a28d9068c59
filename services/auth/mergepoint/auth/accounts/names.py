"""Names and e-mail addresses: which texts are valid, and the canonical form by which two of them are compared."""

import re
import unicodedata

import idna

from ..errors import Invalid

NAME = re.compile(r"[^\W_](?:[\w.-]{0,62}[^\W_])?")
EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"/\x00-\x1f\x7f]{1,188}")
# Unicode's default ignorable code points, some of them letters: they are invisible, so two names would look the same.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def canonical(text: str) -> str:
    """Return *text* in NFKC and case folded, over and over until neither changes it."""
    text = text.strip()
    for _ in range(4):  # folding may undo the form, and the form the folding, at most this often
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            break
        text = folded
    return text


def name(text: str) -> str:
    """Return *text* as a name to show, or raise Invalid. A name has no @, so that none is another user's address."""
    shown = unicodedata.normalize("NFKC", text).strip()
    if not NAME.fullmatch(shown) or INVISIBLE.search(shown):
        raise Invalid("name", "a name has 1 to 64 letters and digits, with . _ - between them")
    return shown


def email(text: str) -> str:
    """Return *text* as an e-mail address to send to, or raise Invalid."""
    shown = unicodedata.normalize("NFC", text).strip()
    if not EMAIL.fullmatch(shown) or not shown.isprintable() or INVISIBLE.search(shown) or not _domain_is_plain(shown):
        raise Invalid("email", "an address such as ada@example.com is expected")
    return shown


def email_key(text: str) -> str:
    """Return the canonical form of an address; an international domain and its ASCII form have the same."""
    local, at, domain = unicodedata.normalize("NFKC", text.strip()).rpartition("@")
    return f"{canonical(local)}{at}{_ascii_domain(domain)}"


def login_key(text: str) -> str:
    """Return the canonical form of *text*, a name or an address, to look a user up by."""
    return email_key(text) if "@" in canonical(text) else canonical(text)


def _ascii_domain(domain: str) -> str:
    try:  # IDNA 2008: with IDNA 2003 or case folding, straße.de and strasse.de would be one, and may have two owners
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return canonical(domain)


def _domain_is_plain(address: str) -> bool:
    labels = email_key(address).rpartition("@")[2].split(".")
    return all(re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
