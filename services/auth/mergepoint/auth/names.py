"""Names and e-mail addresses: what may be one, and the canonical form in which two of them are the same."""

import re
import unicodedata

from .errors import Invalid

NAME = re.compile(r"[^\W_](?:[\w.-]{0,62}[^\W_])?")
EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"/\x00-\x1f\x7f]{1,188}")


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
    if not NAME.fullmatch(shown):
        raise Invalid("name", "a name has 1 to 64 letters and digits, with . _ - between them")
    return shown


def email(text: str) -> str:
    """Return *text* as an address to write to, or raise Invalid."""
    shown = unicodedata.normalize("NFC", text).strip()
    if not EMAIL.fullmatch(shown) or "@" not in email_key(shown) or not _domain_is_plain(shown):
        raise Invalid("email", "an address such as ada@example.com is expected")
    return shown


def email_key(text: str) -> str:
    """Return the form in which two addresses are the same; an international domain is the same as its ASCII form."""
    local, at, domain = canonical(text).rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = domain
    return f"{local}{at}{ascii_domain}"


def login_key(text: str) -> str:
    """Return what to look up for *text*, a name or an address."""
    return email_key(text) if "@" in canonical(text) else canonical(text)


def _domain_is_plain(address: str) -> bool:
    labels = email_key(address).rpartition("@")[2].split(".")
    return all(re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
