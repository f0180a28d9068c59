"""The cases of auth. What is expected of a checksum is not recorded but known."""

from typing import Any

GOOD = "mp_0123456789ABCDEFGHIJabcdefghij4Us3aw"  # the last six are the CRC-32 of the thirty before, in base 62


def check(name: str, key: str, well_formed: bool) -> dict[str, Any]:
    return {"name": name, "call": "auth", "options": {"key": key}, "expect": {"well_formed": well_formed}}


CASES = [
    check("a key of ours", GOOD, True),
    check("a key in a line", GOOD + "\n", True),
    check("a key whose checksum has leading zeros", "mp_drrYjTdd6emrCGjTGYv3HF2s7u0rih00gEpD", True),
    check("one letter mistyped", GOOD.replace("7", "8", 1), False),
    check("a letter too many", GOOD + "0", False),
    check("a letter too few", GOOD[:-1], False),
    check("another prefix", "mq" + GOOD[2:], False),
    check("no key at all", "hello", False),
    check("an empty text", "", False),
    check("digits that are none", GOOD.replace("1", "١"), False),
]
