"""The text for most measurements: 2 KB of Python, in any number of variants."""

from functools import cache
from pathlib import Path

SIZE = 2048


def snippet(number: int = 0) -> str:
    """Return the sample, padded to SIZE bytes with a comment that holds *number*; lua/fresh.lua does the same."""
    return _sample() + str(number).zfill(SIZE - len(_sample()) - 1) + "\n"


@cache
def _sample() -> str:
    return Path(__file__).with_name("sample.py").read_text() + "# "
