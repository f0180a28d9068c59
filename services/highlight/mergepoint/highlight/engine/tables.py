"""The rules of a lexer as tables: per state and next character, one step of the loop.

A step is ``(match, outcomes, next step)``: try *match*, or else go on to the next step; the ``lastindex`` of the match
names the rule, whose outcome is ``(type, css, joints, values, move, callback, groups)``. Where *match* is None the
character alone decides: in the place of the outcomes stands ``(size, type, css, joints, text, move)``.
"""

import sys
from collections.abc import Callable
from functools import lru_cache
from html import escape
from re import DOTALL, Pattern
from re import compile as compile_pattern
from time import perf_counter
from typing import Any

from pygments.token import Error, Text, Token, Whitespace, _TokenType

from . import firsts, joining
from .callbacks import actions_of, by_groups
from .loop import NEWLINE
from .writer import LINE_END, written

Step = tuple[Any, ...]
Accelerate = Callable[[Any], Any]
ENOUGH = 600  # steps per state: all of ASCII, and of the other characters those that come first
# Steps cost time to make. A lexer may spend on them so much per character that it has read, a part of what Pygments
# takes for it, and nothing on its first 5 KB: until it is paid for, a step tries one rule after another, as Pygments.
SECONDS_PER_CHARACTER, SECONDS_BEFORE = 1e-6, 5e-3
_SPECIAL = sum(1 << ord(char) for char in "\n&<>")
_line_end, _any_character = compile_pattern("\n").match, compile_pattern(".", DOTALL).match


class Unknown(Exception):
    """A rule has a form that is not known here."""


class Rule:
    """One rule of a state: what is known of its pattern, and what it does."""

    def __init__(self, match: Any, action: Any, new_state: Any, *, extended: bool, accelerate: Accelerate) -> None:
        self.match, self.action, self.move, self.accelerate = match, action, _move(new_state), accelerate
        self.pattern: Any = getattr(match, "__self__", None)
        if not isinstance(self.pattern, Pattern) or match != self.pattern.match:
            raise Unknown(f"{match} is not the match of a pattern")
        if extended and action is None and self.pattern.pattern:
            raise Unknown("a pattern without an action")
        self.actions = actions_of(action, self.pattern.groups)
        self.plain = action is None or type(action) is _TokenType
        self.first: Any = None
        self.safe = False  # whether the text of a match needs no escape and ends no line

    def read(self) -> None:
        """Note what the pattern can begin with. One that cannot be read is tried at every character."""
        first, self.joinable, self.sure, self.size, self.packed = firsts.EVERYTHING, False, 0, None, False
        try:
            tree = self.tree()
            reading, width = tree.reading, tree.getwidth()
            first, self.sure, consumed = reading
            self.joinable = self.plain or bool(self.actions)
            self.packed = self.joinable and tree.state.packed
            self.size = {(0, 0): 0, (1, 1): 1}.get(width) if self.plain else None
            self.safe = width[0] > 0 and not consumed & _SPECIAL
        except Exception:  # the parser is no public interface
            pass
        self.alone = self.by_itself()
        self.first = first

    def tree(self) -> Any:
        return firsts.parse(self.pattern.pattern, self.pattern.flags)

    def by_itself(self) -> Step:
        return self.match, dict.fromkeys([None, *range(1, self.pattern.groups + 1)], self.outcome(0))

    def outcome(self, offset: int) -> Step:
        """Return what this rule does; *offset* is how far its groups have moved."""
        if type(self.action) is _TokenType:
            css, joints, values = written[self.action]
            return self.action, css, joints, None if self.safe else values, self.move, None, None
        groups, callback = None, self.action
        if self.actions or self.plain:
            callback = by_groups(self.actions, offset, self.accelerate)
            if all(type(part) is _TokenType for part in self.actions.values()):
                groups = [(group + offset, part, written[part][2]) for group, part in self.actions.items()]
        return None, *written[Token], self.move, callback, groups


def _move(new_state: Any) -> Step | None:
    """Return how many states to pop and which to push; what is not that simple is left to `loop.moved`."""
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


class Tables:
    """The states of a lexer, each a dictionary of steps, made as characters are met; and, at None, of its rules."""

    def __init__(self, tokendefs: Any, extended: bool, accelerate: Accelerate) -> None:
        made = {
            id(rule): Rule(*rule, extended=extended, accelerate=accelerate)
            for rules in tokendefs.values()
            for rule in rules  # which states share
        }
        self.states: dict[str, Any] = {
            name: {None: [made[id(rule)] for rule in rules]} for name, rules in tokendefs.items()
        }
        # Where no rule matches: the end of a line, any other character, the end of the text.
        end = None, (-1, None, *written[LINE_END][:2], "", None), None
        other = _any_character, {None: (Error, *written[Error], None, None, None)}, end
        kind = Text if extended else Whitespace
        self.no_rule: Step = _line_end, {None: (kind, *written[kind], (None, NEWLINE), None, None)}, other
        self.matches: dict[Any, Step] = {}
        self.tried: dict[str, Step] = {}
        self.borrowed: list[tuple[Any, str]] = []
        self.spent, self.read = SECONDS_BEFORE, 0

    def step(self, state: str, char: str, read: int) -> Step:
        """Return the step for *char*, or for the end of the text if it is empty, when *read* characters are read."""
        step: Step
        paid = self.finish(read, 0)
        table, shared = self.states[state], min(char, chr(firsts.OTHER))  # all beyond ASCII share one step
        if shared not in table:
            if not paid:
                step = self.one_by_one(state)
                if len(table) < ENOUGH:
                    table[char] = step
                    self.borrowed.append((table, char))
                return step
            began = perf_counter()
            table[shared] = self._made(state, shared)
            self.spent += perf_counter() - began
        step = table[shared]
        if len(table) < ENOUGH:
            table[char] = step
        return step

    def finish(self, ahead: int, read: int) -> bool:
        """Note that *read* characters more, and *ahead* so far, are read; return whether they pay for all steps."""
        self.read += read
        paid = self.spent <= (self.read + ahead) * SECONDS_PER_CHARACTER
        if paid and self.borrowed:
            borrowed, self.borrowed = self.borrowed, []
            for table, char in borrowed:
                table.pop(char, None)
        return paid

    def complete(self) -> None:
        """Make all steps, and let go of what they are made of."""
        self.finish(sys.maxsize, 0)
        for name, table in self.states.items():
            for char in [*map(chr, range(firsts.OTHER + 1)), ""]:
                if char not in table:
                    table[char] = self._made(name, char)
        self.matches.clear()
        self.tried.clear()

    def _made(self, state: str, char: str) -> Step:
        try:
            return self._step(self.states[state][None], ord(char) if char else firsts.END)
        except Exception:  # a pattern that cannot be joined
            return self.one_by_one(state)

    def one_by_one(self, state: str) -> Step:
        """Return the step that tries all rules of *state* in turn, as Pygments does."""
        if state not in self.tried:
            step = self.no_rule
            for rule in reversed(self.states[state][None]):
                step = *rule.by_itself(), step
            self.tried[state] = step
        return self.tried[state]

    def _step(self, rules: list[Rule], bit: int) -> Step:
        able, step = [], self.no_rule
        for rule in rules:
            if rule.first is None:
                rule.read()
            if rule.first >> bit & 1:
                sure = rule.sure >> bit & 1  # the rules after it are never reached
                if sure and rule.size is not None and (rule.size == 0 or rule.action is not None):
                    step = _certain(rule.size, rule.action, bit, rule.move)
                else:
                    able.append(rule)
                if sure:
                    break
        while able:
            together = [able.pop()]
            while able and together[0].joinable and able[-1].joinable:
                together.insert(0, able.pop())
            step = *self._match(together, bit), step
        return step

    def _match(self, rules: list[Rule], bit: int) -> Step:
        """Return the match of *rules* at once, and their outcomes by its ``lastindex``."""
        if len(rules) == 1 and not rules[0].packed:
            return rules[0].alone
        pruned = [joining.prune(rule.tree(), bit) for rule in rules]
        key = *rules, *(rest for _, rest in pruned)
        if key not in self.matches:
            outcomes, mark = {}, 0
            for rule in rules:
                outcome = rule.outcome(mark)
                mark += rule.pattern.groups + 1
                outcomes[mark] = outcome
            alternatives = ((tree, rule.pattern.flags) for rule, (tree, _) in zip(rules, pruned, strict=True))
            self.matches[key] = joining.join(alternatives).match, outcomes
        return self.matches[key]


@lru_cache(None)
def _certain(size: int, ttype: Any, bit: int, move: Step | None) -> Step:
    """Return the step at a character that makes a token of *size* by itself."""
    char = chr(bit) if bit < firsts.OTHER else ""
    css, joints, _ = written[LINE_END if char == "\n" else Token if ttype is None else ttype]
    return None, (size, ttype, css, joints, escape(char, quote=False).strip("\n"), move), None
