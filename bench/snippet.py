"""The text that everything here is measured with: 2 KB of Python, of which there are as many as one likes."""

from functools import cache
from pathlib import Path

SIZE = 2048


def snippet(number: int = 0) -> str:
    """Return the sample, filled up to SIZE bytes with a comment that is *number*; lua/fresh.lua does the same."""
    return _sample() + str(number).zfill(SIZE - len(_sample()) - 1) + "\n"


@cache
def _sample() -> str:
    return Path(__file__).with_name("sample.py").read_text() + "# "
