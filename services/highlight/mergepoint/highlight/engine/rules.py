"""One rule of a lexer's state: its pattern, the characters that it can begin with, and the outcome of a match.

This module does not know states or texts; tables.py makes steps of rules.
"""

from collections.abc import Callable
from functools import cached_property
from re import Pattern
from typing import Any

from pygments.token import Token, _TokenType

from . import firsts
from .callbacks import actions_of, by_groups
from .writer import written

Step = tuple[Any, ...]
Accelerate = Callable[[Any], Any]
# Estimated time to join a rule with others: a fixed part, and one for each character of its pattern, up to SHORTENED.
SECONDS_PER_JOINED, SECONDS_PER_JOINED_CHARACTER, SHORTENED = 60e-6, 2.5e-6, 384
_SPECIAL = sum(1 << ord(char) for char in "\n&<>")


class Unknown(Exception):
    """A rule has a form that the engine does not know."""


def check(tokendefs: Any, *, extended: bool) -> None:
    """Raise Unknown if one of the rules has a form that the engine does not know."""
    for rule in {id(rule): rule for rules in tokendefs.values() for rule in rules}.values():  # states share rules
        _check_rule(*rule, extended=extended)


def _check_rule(match: Any, action: Any, new_state: Any, *, extended: bool) -> None:
    pattern = getattr(match, "__self__", None)
    if not isinstance(pattern, Pattern) or match != pattern.match:
        raise Unknown(f"{match} is not the match of a pattern")
    if extended and action is None and pattern.pattern:
        raise Unknown("a pattern without an action")
    _move(new_state)


class Rule:
    """One rule of a state: the facts about its pattern, and its action."""

    def __init__(self, match: Any, action: Any, new_state: Any, accelerate: Accelerate) -> None:
        self.match, self.action, self.move, self.accelerate = match, action, _move(new_state), accelerate
        self.pattern = match.__self__
        self.plain = action is None or type(action) is _TokenType
        self.safe = False  # whether the text of a match needs no escape and ends no line
        self.first, self.sure, self.joinable, self.packed = firsts.EVERYTHING, 0, False, False
        self.size: int | None = None
        self.alone = self.by_itself()
        self.was_read = False

    @cached_property
    def actions(self) -> Any:
        return actions_of(self.action, self.pattern.groups)

    def cost(self) -> float:
        """Return an estimate of the seconds that `read` takes."""
        return firsts.cost(self.pattern.pattern, self.pattern.flags)

    def read(self) -> None:
        """Find the characters that the pattern can begin with. An unreadable pattern is tried at every character."""
        self.was_read = True
        known = firsts.analyse(self.pattern.pattern, self.pattern.flags)
        if known is not None:
            self.first, self.sure, consumed = known.reading
            self.joinable = self.plain or bool(self.actions)
            self.packed = self.joinable and known.packed
            self.size = {(0, 0): 0, (1, 1): 1}.get(known.width) if self.plain else None
            self.safe = known.width[0] > 0 and not consumed & _SPECIAL
            self.alone = self.by_itself()

    def join_cost(self) -> float:
        """Return an estimate of the seconds that this rule adds to the time to join patterns."""
        text = self.pattern.pattern
        return SECONDS_PER_JOINED + min(len(text), SHORTENED) * SECONDS_PER_JOINED_CHARACTER + firsts.parse_cost(text)

    def tree(self) -> Any:
        return firsts.parse(self.pattern.pattern, self.pattern.flags)

    def by_itself(self) -> Step:
        return self.match, _Outcomes(self)

    def outcome(self, offset: int) -> Step:
        """Return the outcome of this rule; the numbers of its groups are higher by *offset*."""
        if type(self.action) is _TokenType:
            css, joints, values = written[self.action]
            return self.action, css, joints, None if self.safe else values, self.move, None, None
        groups, callback = None, self.action
        if self.actions and all(type(part) is _TokenType for part in self.actions.values()):
            groups = [(group + offset, part, written[part][2]) for group, part in self.actions.items()]
        elif self.actions or self.plain:
            callback = by_groups(self.actions, offset, self.accelerate)
        return None, *written[Token], self.move, callback, groups


class _Outcomes(dict[int | None, Step]):
    """The outcome of a rule, for whichever group matched last. It is made at the first match, since most rules never
    match."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __missing__(self, last_group: int | None) -> Step:
        outcome = self[last_group] = self._rule.outcome(0)
        return outcome


def _move(new_state: Any) -> Step | None:
    """Return the number of states to pop, and the states to push; None and *new_state* for `loop.change_stack`."""
    if new_state is None:
        return None
    if isinstance(new_state, int) and new_state < 0:
        return -new_state, ()
    states = (new_state,) if new_state == "#push" else new_state
    if not isinstance(states, tuple):
        raise Unknown(f"the new state {new_state!r}")
    pops = int(states[:1] == ("#pop",))
    simple = "#pop" not in states[pops:] and "#push" not in states
    return (pops, states[pops:]) if simple else (None, states)
