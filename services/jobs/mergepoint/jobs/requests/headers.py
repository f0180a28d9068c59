"""Which headers a job keeps: a short list. What tells a person (cookie, key, password) is never on it."""

import re
from collections.abc import Iterable, Mapping

from ..errors import Invalid

ALLOWED = ("Accept", "Accept-Language", "Content-Encoding", "Content-Language", "Content-Type")
BY_NAME = {name.lower(): name for name in ALLOWED}
LONGEST = 1000  # characters of a value
VALUE = re.compile(r"[\t -~]*")  # RFC 9110, 5.5, in ASCII


def check_headers(pairs: Iterable[tuple[str, str]], field: str = "headers") -> Mapping[str, str]:
    """Return headers by their names as RFC 9110 writes them; raise Invalid naming one that may not be."""
    found: dict[str, str] = {}
    for name, value in pairs:
        known = BY_NAME.get(name.lower())
        if known is None:
            raise Invalid(f"{field}.{_shown(name)}", f"is not kept; a job has {', '.join(ALLOWED)}")
        if known in found:
            raise Invalid(f"{field}.{known}", "is given more than once")
        found[known] = check_value(value, f"{field}.{known}")
    return dict(sorted(found.items()))


def check_value(value: str, field: str) -> str:
    """Return *value* without the space around it, or raise Invalid."""
    if not VALUE.fullmatch(value) or len(value) > LONGEST:
        raise Invalid(field, f"at most {LONGEST} characters of printable ASCII are expected")
    return value.strip()


def _shown(name: str) -> str:
    return re.sub(r"[^!-~]", "?", name)[:60]
