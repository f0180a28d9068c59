"""The colours of our pages."""

import re

import pytest

from tests.servers import ROOT

CSS = (ROOT / "services/auth/mergepoint/auth/static/pages.css").read_text()
COLOURS = {name: both for name, *both in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}
ON = [
    ("text", "back"), ("text", "card"), ("soft", "back"), ("soft", "card"), ("accent", "back"), ("accent", "card"),
    ("on-accent", "accent"), ("bad", "back"), ("bad", "card"),
]  # fmt: skip


@pytest.mark.parametrize("dark", [0, 1])
@pytest.mark.parametrize(("front", "back"), ON)
def test_what_is_written_can_be_read(front: str, back: str, dark: int) -> None:
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5."""
    light, less = sorted((luminance(COLOURS[name][dark]) for name in (front, back)), reverse=True)
    assert (light + 0.05) / (less + 0.05) >= 4.5


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
