"""Lexers of any form, over any text, give the same tokens and the same HTML."""

import random
import re
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from mergepoint.highlight.engine import firsts
from tests.fuzzing import fuzz
from tests.highlight.engine import random_lexers
from tests.highlight.engine.compare import check, patterns

RANDOM = fuzz(120)
BEYOND = "\x80éſ\u212a中\U00010000"


@RANDOM
@given(st.randoms(use_true_random=True))
def test_random_rules(draw: random.Random) -> None:
    kind = random_lexers.lexer(draw)
    for _ in range(5):
        if not check(partial(kind, stripnl=False), random_lexers.text(draw)):
            break  # it goes on for ever, and would with the next text


@RANDOM
@given(st.randoms(use_true_random=True))
def test_what_a_pattern_begins_with_is_read_off_it(draw: random.Random) -> None:
    """Where it says a pattern cannot begin, it does not match; where it says it is sure to match, it does."""
    for pattern in patterns(random_lexers.lexer(draw)()):
        try:
            reading = firsts.parse(pattern.pattern, pattern.flags).reading
        except NotImplementedError:
            continue
        for _ in range(6):
            text = random_lexers.text(draw)
            for place in range(len(text) + 1):
                found = pattern.match(text, place)
                bit = min(ord(text[place]), firsts.OTHER) if place < len(text) else firsts.END
                assert not found or reading.first >> bit & 1, pattern
                assert found or not reading.sure >> bit & 1, pattern
                assert not found or all(reading.consumed >> min(ord(char), 128) & 1 for char in found[0]), pattern


def test_packed_sets_are_the_same_sets() -> None:
    every = "".join(map(chr, range(0x110000)))
    for written in (r"[a-z_\u0391-\u03a9" + "".join(f"{chr(n)}-{chr(n + 2)}" for n in range(0x4E00, 0x5000, 5)),):
        for beyond in ("", "\U00010000-\U00010400\U0001d400"):
            for start in ("[", "[^"):
                pattern = start + written[1:] + beyond + "]"
                tree = firsts.parse(pattern, re.UNICODE)
                assert tree.state.packed
                assert firsts.compiler.compile(tree, re.UNICODE).findall(every) == re.findall(pattern, every)
