"""The rules of a lexer as tables: per state and next character, one step of the loop.

A step is ``(match, outcomes, next step)``: try *match*, or else go on to the next step; the ``lastindex`` of the match
names the rule, whose outcome is ``(type, css, joints, values, move, callback, groups)``. Where *match* is None the
character alone decides: in the place of the outcomes stands ``(size, type, css, joints, text, move)``.
"""

import os
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from html import escape
from re import DOTALL, Pattern
from re import compile as compile_pattern
from threading import RLock
from typing import Any

from pygments.token import Error, Text, Token, Whitespace, _TokenType

from . import firsts, joining
from .budget import AT_ONCE, Budget, Unlimited
from .callbacks import actions_of, by_groups
from .loop import NEWLINE
from .writer import LINE_END, written

Step = tuple[Any, ...]
Accelerate = Callable[[Any], Any]
ENOUGH = 600  # steps per state: all of ASCII, and of the other characters those that come first
# Steps cost time to make. Until that is paid for, a state's rules are tried one after another, as Pygments does; then
# those that can begin with the character; then these joined. What costs more than one text may lose is saved for.
budget = Budget()
SECONDS_PER_RULE = 0.5e-6  # to see whether it can begin with a character
SECONDS_PER_JOINED, SECONDS_PER_JOINED_CHARACTER, SHORTENED = 60e-6, 2.5e-6, 384
SECONDS_PER_RETRIED = 16e-6  # to look at a step again, whether it can be made better or not
# Held while tables change: threads share them, and the steps of one lexer may need another's. A process that forks
# holds it too, so that the new one gets no half-made tables.
_preparing = RLock()
os.register_at_fork(before=_preparing.acquire, after_in_parent=_preparing.release, after_in_child=_preparing.release)
_SPECIAL = sum(1 << ord(char) for char in "\n&<>")
_line_end, _any_character = compile_pattern("\n").match, compile_pattern(".", DOTALL).match


class Unknown(Exception):
    """A rule has a form that is not known here."""


def check(tokendefs: Any, *, extended: bool) -> None:
    """Raise Unknown if one of the rules has a form that is not known here."""
    for rule in {id(rule): rule for rules in tokendefs.values() for rule in rules}.values():  # which states share
        _check_rule(*rule, extended=extended)


def _check_rule(match: Any, action: Any, new_state: Any, *, extended: bool) -> None:
    pattern = getattr(match, "__self__", None)
    if not isinstance(pattern, Pattern) or match != pattern.match:
        raise Unknown(f"{match} is not the match of a pattern")
    if extended and action is None and pattern.pattern:
        raise Unknown("a pattern without an action")
    _move(new_state)


class Rule:
    """One rule of a state: what is known of its pattern, and what it does."""

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
        """Return about how many seconds `read` takes."""
        return firsts.cost(self.pattern.pattern, self.pattern.flags)

    def read(self) -> None:
        """Note what the pattern can begin with. One that cannot be read is tried at every character."""
        self.was_read = True
        known = firsts.known(self.pattern.pattern, self.pattern.flags)
        if known is not None:
            self.first, self.sure, consumed = known.reading
            self.joinable = self.plain or bool(self.actions)
            self.packed = self.joinable and known.packed
            self.size = {(0, 0): 0, (1, 1): 1}.get(known.width) if self.plain else None
            self.safe = known.width[0] > 0 and not consumed & _SPECIAL
            self.alone = self.by_itself()

    def join_cost(self) -> float:
        """Return about how many seconds it takes to have this rule in a joined pattern."""
        text = self.pattern.pattern
        return SECONDS_PER_JOINED + min(len(text), SHORTENED) * SECONDS_PER_JOINED_CHARACTER + firsts.parse_cost(text)

    def tree(self) -> Any:
        return firsts.parse(self.pattern.pattern, self.pattern.flags)

    def by_itself(self) -> Step:
        return self.match, _Outcomes(self)

    def outcome(self, offset: int) -> Step:
        """Return what this rule does; *offset* is how far its groups have moved."""
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
    """What a rule does, whichever of its groups matched last. Most rules of a lexer are never needed, hence so late."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def __missing__(self, last_group: int | None) -> Step:
        outcome = self[last_group] = self._rule.outcome(0)
        return outcome


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
    """The states of a lexer, each a dictionary of steps, made as characters are met."""

    def __init__(self, tokendefs: Any, accelerate: Accelerate, *, extended: bool) -> None:
        self._tokendefs, self._accelerate = tokendefs, accelerate
        self.states: dict[str, Any] = {name: {} for name in tokendefs}
        # Where no rule matches: the end of a line, any other character, the end of the text.
        end = None, (-1, None, *written[LINE_END][:2], "", None), None
        other = _any_character, {None: (Error, *written[Error], None, None, None)}, end
        kind = Text if extended else Whitespace
        self.no_rule: Step = _line_end, {None: (kind, *written[kind], (None, NEWLINE), None, None)}, other
        self.borrowed: list[tuple[str, str]] = []
        self.budget, self._is_new = budget, True
        self._forget()

    def _forget(self) -> None:
        self._rules: dict[int, Rule] = {}  # by their identity: states share them
        self._states: dict[str, list[Rule]] = {}
        self._unread: dict[str, list[Rule]] = {}
        self._dear: list[tuple[Rule, str]] = []  # to read them costs more than one text may lose
        self._unfinished: dict[tuple[str, str], _Unfinished] = {}
        self._matches: dict[Any, Step] = {}
        self._tried: dict[str, Step] = {}

    def step(self, state: str, char: str) -> Step:
        """Return the step for *char*, or for the end of the text if it is empty."""
        with _preparing:
            return self._step(state, char)

    def _step(self, state: str, char: str) -> Step:
        table, shared = self.states[state], min(char, chr(firsts.OTHER))  # all beyond ASCII share one step
        step: Step | None = table.get(shared)
        if step is None:
            step, finished = self._make(state, shared)
            if not finished:
                if len(table) < ENOUGH and char != chr(firsts.OTHER):
                    table[char] = step
                    self.borrowed.append((state, char))
                return step
            table[shared] = step
        if len(table) < ENOUGH:
            table[char] = step
        return step

    def finish(self) -> None:
        """A text is read: what was not made well for it, is made better for the next."""
        self._is_new = False
        self.budget.earn()
        if (self.borrowed and self.budget.at_once > 0) or self._dear:
            with _preparing:
                self._retry()
                if self._dear and self.budget.allows(self._dear[0][0].cost()):
                    self._read_dear(self._dear[0][0])

    def complete(self) -> None:
        """Make all steps, and let go of what they are made of."""
        with _preparing:
            self._complete()

    def _complete(self) -> None:
        self.budget = Unlimited()
        self.borrowed.clear()
        self._forget()
        for name, table in self.states.items():
            table.clear()
            for char in [*map(chr, range(firsts.OTHER + 1)), ""]:
                table[char], _ = self._make(name, char)
        self._forget()

    def rules(self, state: str) -> list[Rule]:
        """Return the rules of *state*."""
        if state not in self._states:
            rules = [self._rule(rule) for rule in self._tokendefs[state]]
            self._unread[state] = [rule for rule in rules if not rule.was_read]
            self._states[state] = rules
        return self._states[state]

    def one_by_one(self, state: str) -> Step:
        """Return the step that tries all rules of *state* in turn, as Pygments does."""
        if (step := self._tried.get(state)) is None:
            with _preparing:
                step = self._tried[state] = _chain(self.rules(state), self.no_rule)
        return step

    def _rule(self, rule: Any) -> Rule:
        if id(rule) not in self._rules:
            match, action, new_state = rule
            self._rules[id(rule)] = Rule(match, action, new_state, self._accelerate)
        return self._rules[id(rule)]

    def _retry(self) -> None:
        """Let some steps be made again when their characters come, those of states whose rules are read."""
        most = int(self.budget.at_once / SECONDS_PER_RETRIED)
        kept: list[tuple[str, str]] = []
        for number, (state, char) in enumerate(self.borrowed):
            if most <= 0 or not self._read(state):
                kept += self.borrowed[number:]
                break
            self.states[state].pop(char, None)
            most -= 1
        self.borrowed = kept

    def _make(self, state: str, char: str) -> tuple[Step, bool]:
        """Return the best step that can be paid for now, and whether there is no better one."""
        self.budget.earn()
        step, finished = self.one_by_one(state), False
        if (not self._is_new or self.budget is not budget) and self._read(state):  # a first text costs enough
            try:
                step, finished = self._joined(state, char) or (step, False)
            except Exception:  # a pattern that cannot be joined
                finished = True
        self.budget.pay()
        return step, finished

    def _read(self, state: str) -> bool:
        """Read the rules of *state* as far as that is paid for; return whether all are read that can be."""
        unread = self._unread[state]
        while unread and (unread[-1].was_read or self._read_one(unread[-1], state)):
            unread.pop()
        return not unread

    def _read_one(self, rule: Rule, state: str) -> bool:
        if (cost := rule.cost()) > AT_ONCE and not self.budget.allows(cost):
            self._dear.append((rule, state))
            return True
        if not self.budget.allows(cost):
            return False
        rule.read()
        self.budget.pay()
        return True

    def _read_dear(self, rule: Rule) -> None:
        """Read *rule*, for which was saved, and forget the steps that were made without."""
        rule.read()
        for state in {state for one, state in self._dear if one is rule}:
            self.states[state].clear()
            self._unfinished = {key: made for key, made in self._unfinished.items() if key[0] != state}
        self._dear = [pair for pair in self._dear if pair[0] is not rule]
        self.budget.pay()

    def _joined(self, state: str, char: str) -> tuple[Step, bool] | None:
        """Return the step of the rules that can begin with *char*, joined as far as that is paid for, and whether all
        are."""
        bit = ord(char) if char else firsts.END
        made = self._unfinished.get((state, char))
        if made is None:
            if not self.budget.allows(len(self.rules(state)) * SECONDS_PER_RULE):
                return None
            made = self._unfinished[state, char] = _Unfinished(*self._able(self.rules(state), bit))
        while made.parts and (len(made.parts[-1]) == 1 or self.budget.allows(made.cost)):
            made.step = *self._match(made.parts.pop(), bit), made.step
            made.chain = None
            self.budget.pay()
        if not made.parts:
            self._unfinished.pop((state, char), None)
            return made.step, True
        made.chain = made.chain or _chain((rule for rules in made.parts for rule in rules), made.step)
        return made.chain, False

    def _able(self, rules: Iterable[Rule], bit: int) -> tuple[list[list[Rule]], Step]:
        """Return the rules that can begin with *bit*, in parts to be joined, and the step after them."""
        able: list[Rule] = []
        step = self.no_rule
        for rule in rules:
            if rule.first >> bit & 1:
                sure = rule.sure >> bit & 1  # the rules after it are never reached
                if sure and rule.size is not None and (rule.size == 0 or rule.action is not None):
                    step = _certain(rule.size, rule.action, bit, rule.move)
                else:
                    able.append(rule)
                if sure:
                    break
        return self._divided(able), step

    def _divided(self, rules: Iterable[Rule]) -> list[list[Rule]]:
        """Return *rules* in parts, each of which can be joined, and paid for when a text begins."""
        parts: list[list[Rule]] = []
        joined, cost = False, 0.0
        for rule in rules:
            more = rule.join_cost() if rule.joinable else 0.0
            joinable = rule.joinable and self.budget.could_allow(more)
            if joined and joinable and self.budget.could_allow(cost + more):
                parts[-1].append(rule)
            else:
                parts.append([rule])
                cost = 0.0
            joined, cost = joinable, cost + more
        return parts

    def _match(self, rules: list[Rule], bit: int) -> Step:
        """Return the match of *rules* at once, and their outcomes by its ``lastindex``."""
        if len(rules) == 1 and not (rules[0].packed and self.budget.allows(rules[0].join_cost())):
            return rules[0].alone
        pruned = [joining.prune(rule.tree(), bit) for rule in rules]
        key = *rules, *(rest for _, rest in pruned)
        if key not in self._matches:
            outcomes, mark = {}, 0
            for rule in rules:
                outcome = rule.outcome(mark)
                mark += rule.pattern.groups + 1
                outcomes[mark] = outcome
            alternatives = ((tree, rule.pattern.flags) for rule, (tree, _) in zip(rules, pruned, strict=True))
            self._matches[key] = joining.join(alternatives).match, outcomes
        return self._matches[key]


class _Unfinished:
    """A step that is being made: *parts* of rules that are still to be joined, before *step*."""

    def __init__(self, parts: list[list[Rule]], step: Step) -> None:
        self.parts, self.step = parts, step
        self.chain: Step | None = None

    @property
    def cost(self) -> float:
        """Return about how many seconds it takes to join the last part."""
        return sum(rule.join_cost() for rule in self.parts[-1])


def _chain(rules: Iterable[Rule], step: Step) -> Step:
    """Return the step that tries *rules* in turn and goes on to *step*."""
    for rule in reversed([*rules]):
        step = *rule.alone, step
    return step


@lru_cache(None)
def _certain(size: int, ttype: Any, bit: int, move: Step | None) -> Step:
    """Return the step at a character that makes a token of *size* by itself."""
    char = chr(bit) if bit < firsts.OTHER else ""
    css, joints, _ = written[LINE_END if char == "\n" else Token if ttype is None else ttype]
    return None, (size, ttype, css, joints, escape(char, quote=False).strip("\n"), move), None
