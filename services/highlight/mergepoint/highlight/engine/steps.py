"""The steps of the loop that need no joined patterns; tables.py makes those that do."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from pygments.token import Token

from . import firsts
from .rules import Rule, Step
from .writer import LINE_END, written


class UnfinishedStep:
    """A step under construction: *parts*, groups of rules that are still to be joined, come before *step*."""

    def __init__(self, parts: list[list[Rule]], step: Step) -> None:
        self.parts, self.step = parts, step
        self.chain: Step | None = None

    @property
    def cost(self) -> float:
        """Return an estimate of the seconds to join the last part."""
        return sum(rule.join_cost() for rule in self.parts[-1])


def chain(rules: Iterable[Rule], step: Step) -> Step:
    """Return a step that tries *rules* in turn, then continues with *step*."""
    for rule in reversed([*rules]):
        step = *rule.alone, step
    return step


@lru_cache(None)
def certain(size: int, ttype: Any, bit: int, move: Step | None) -> Step:
    """Return the step at a character that alone determines a token of *size* characters (0 or 1)."""
    char = chr(bit) if bit < firsts.OTHER else ""
    css, joints, _ = written[LINE_END if char == "\n" else Token if ttype is None else ttype]
    return None, (size, ttype, css, joints, escape(char, quote=False).strip("\n"), move), None
