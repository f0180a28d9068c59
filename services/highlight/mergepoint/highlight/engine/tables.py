"""The rules of a lexer as tables: for each state and next character, one step of the loop.

A step is ``(match, outcomes, next step)``. The loop calls *match*; if it fails, the loop continues with the next step.
If it succeeds, its ``lastindex`` selects the outcome: ``(type, css, joints, values, move, callback, groups)``. If
*match* is None, the character alone decides, and in place of the outcomes is ``(size, type, css, joints, text, move)``.
"""

import os
from collections.abc import Iterable
from re import DOTALL
from re import compile as compile_pattern
from threading import RLock
from typing import Any

from pygments.token import Error, Text, Whitespace

from . import firsts, joining
from .budget import AT_ONCE, Budget, Unlimited
from .loop import NEWLINE
from .rules import Accelerate, Rule, Step
from .steps import UnfinishedStep, certain, chain
from .writer import LINE_END, written

ENOUGH = 600  # steps of a state: all of ASCII, and those of other characters until the table is full
# Steps take time to make. Until the budget allows it, a state's rules are tried one after another, as in Pygments; then
# only the rules that can begin with the character; then these joined. Work that is too large for one text is done when
# enough time has been saved (budget.py).
budget = Budget()
SECONDS_PER_RULE = 0.5e-6  # to check whether a rule can begin with a character
SECONDS_PER_RETRIED = 16e-6  # to check whether a step can be improved
# Held while tables change: threads share them, and the steps of a lexer may need another lexer's. A process also holds
# it while it forks, so that its child gets no half-made tables.
_preparing = RLock()
os.register_at_fork(before=_preparing.acquire, after_in_parent=_preparing.release, after_in_child=_preparing.release)
_line_end, _any_character = compile_pattern("\n").match, compile_pattern(".", DOTALL).match


class Tables:
    """The states of a lexer, each a dictionary of steps, which are made when their characters first occur."""

    def __init__(self, tokendefs: Any, accelerate: Accelerate, *, extended: bool) -> None:
        self._tokendefs, self._accelerate = tokendefs, accelerate
        self.states: dict[str, Any] = {name: {} for name in tokendefs}
        # The steps if no rule matches: at the end of a line, at any other character, at the end of the text.
        end = None, (-1, None, *written[LINE_END][:2], "", None), None
        other = _any_character, {None: (Error, *written[Error], None, None, None)}, end
        kind = Text if extended else Whitespace
        self.no_rule: Step = _line_end, {None: (kind, *written[kind], (None, NEWLINE), None, None)}, other
        self.borrowed: list[tuple[str, str]] = []
        self.budget, self._is_new = budget, True
        self._forget()

    def _forget(self) -> None:
        self._rules: dict[int, Rule] = {}  # by id, since states share rules
        self._states: dict[str, list[Rule]] = {}
        self._unread: dict[str, list[Rule]] = {}
        self._dear: list[tuple[Rule, str]] = []  # rules that take longer to read than a single text may lose
        self._unfinished: dict[tuple[str, str], UnfinishedStep] = {}
        self._matches: dict[Any, Step] = {}
        self._tried: dict[str, Step] = {}

    def step(self, state: str, char: str) -> Step:
        """Return the step for *char*; an empty *char* means the end of the text."""
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
        """End a text: improve steps that its budget did not allow, for the next text."""
        self._is_new = False
        self.budget.earn()
        if (self.borrowed and self.budget.at_once > 0) or self._dear:
            with _preparing:
                self._retry()
                if self._dear and self.budget.allows(self._dear[0][0].cost()):
                    self._read_dear(self._dear[0][0])

    def complete(self) -> None:
        """Make all steps, and drop the rules that they are made of."""
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
                step = self._tried[state] = chain(self.rules(state), self.no_rule)
        return step

    def _rule(self, rule: Any) -> Rule:
        if id(rule) not in self._rules:
            match, action, new_state = rule
            self._rules[id(rule)] = Rule(match, action, new_state, self._accelerate)
        return self._rules[id(rule)]

    def _retry(self) -> None:
        """Remove some temporary steps of states whose rules are read, so that they are made again when needed."""
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
        """Return the best step that the budget allows now, and whether it is final."""
        self.budget.earn()
        step, finished = self.one_by_one(state), False
        if (not self._is_new or self.budget is not budget) and self._read(state):  # a first text takes long enough
            try:
                step, finished = self._join(state, char) or (step, False)
            except Exception:  # a pattern that cannot be joined
                finished = True
        self.budget.pay()
        return step, finished

    def _read(self, state: str) -> bool:
        """Read the rules of *state* while the budget allows it; return whether all are read or postponed."""
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
        """Read *rule*, for which enough time was saved, and remove the steps that were made without it."""
        rule.read()
        for state in {state for one, state in self._dear if one is rule}:
            self.states[state].clear()
            self._unfinished = {key: made for key, made in self._unfinished.items() if key[0] != state}
        self._dear = [pair for pair in self._dear if pair[0] is not rule]
        self.budget.pay()

    def _join(self, state: str, char: str) -> tuple[Step, bool] | None:
        """Return the step of the rules that can begin with *char*, joined as far as the budget allows, and whether that
        is all of them. None if the budget does not even allow to find these rules."""
        bit = ord(char) if char else firsts.END
        made = self._unfinished.get((state, char))
        if made is None:
            if not self.budget.allows(len(self.rules(state)) * SECONDS_PER_RULE):
                return None
            made = self._unfinished[state, char] = UnfinishedStep(*self._able(self.rules(state), bit))
        while made.parts and (len(made.parts[-1]) == 1 or self.budget.allows(made.cost)):
            made.step = *self._match(made.parts.pop(), bit), made.step
            made.chain = None
            self.budget.pay()
        if not made.parts:
            self._unfinished.pop((state, char), None)
            return made.step, True
        made.chain = made.chain or chain((rule for rules in made.parts for rule in rules), made.step)
        return made.chain, False

    def _able(self, rules: Iterable[Rule], bit: int) -> tuple[list[list[Rule]], Step]:
        """Return the rules that can begin with the character *bit*, in parts to be joined, and the step after them."""
        able: list[Rule] = []
        step = self.no_rule
        for rule in rules:
            if rule.first >> bit & 1:
                sure = rule.sure >> bit & 1  # the rules after it are never reached
                if sure and rule.size is not None and (rule.size == 0 or rule.action is not None):
                    step = certain(rule.size, rule.action, bit, rule.move)
                else:
                    able.append(rule)
                if sure:
                    break
        return self._divide(able), step

    def _divide(self, rules: Iterable[Rule]) -> list[list[Rule]]:
        """Return *rules* in parts, each of which can be joined within the budget at the beginning of a text."""
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
        """Return the match of the joined *rules*, and their outcomes by its ``lastindex``."""
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
