"""The loop of Pygments, with a look-up in a table instead of trying one rule after another."""

from collections.abc import Iterator
from typing import Any

Token = tuple[int, Any, str]  # index, type and value
NEWLINE = ("at the end of a line that no rule matches",)


def change_stack(stack: list[str], states: tuple[str, ...]) -> list[str]:
    """Return *stack* after a move that is more than popping some states and pushing others."""
    if states is NEWLINE:
        return ["root"]
    for state in states:
        if state != "#pop":
            stack.append(stack[-1] if state == "#push" else state)
        elif len(stack) > 1:
            stack.pop()
    return stack


def tokens(lexer: Any, tables: Any, text: str, stack: Any, context: Any = None) -> Iterator[Token]:
    """Yield the tokens of a `RegexLexer`; with a *context*, which callbacks may change, of an `ExtendedRegexLexer`."""
    states, pos, end = tables.states, 0, len(text)
    whole = end
    stack = list(stack) if context is None else context.stack
    table = states[state := stack[-1]]
    while True:
        if context is not None:
            pos, end = context.pos, context.end
            if end > whole:
                end = whole
            if pos > end < whole:  # beyond the end, some patterns match the empty string, and most do not match
                table = {"": tables.one_by_one(state)}
        char = text[pos] if pos < end else ""
        try:
            match, outcome, rest = table[char]
        except KeyError:
            match, outcome, rest = tables.step(state, char)
        while match is not None:
            found = match(text, pos, end)
            if found is not None:
                ttype, _, _, _, move, callback, groups = outcome[found.lastindex]
                if callback is None:
                    yield pos, ttype, found[0]
                    pos = found.end()
                elif groups is not None:
                    for group, ttype, _ in groups:
                        if value := found[group]:
                            yield found.start(group), ttype, value
                    pos = found.end()
                else:
                    yield from callback(lexer, found) if context is None else callback(lexer, found, context)
                    pos = found.end() if context is None else context.pos
                break
            match, outcome, rest = rest
        else:
            size, ttype, _, _, _, move = outcome
            if size < 0:
                tables.finish()
                return
            if ttype is not None:
                yield pos, ttype, char[:size]
            pos += size
        if context is not None:
            context.pos, stack = pos, context.stack
        elif move is None:
            continue
        if move is not None:
            pops, pushes = move
            if pops is None:
                stack = change_stack(stack, pushes)
                if context is not None:
                    context.stack = stack
            else:
                if pops:
                    del stack[-pops if pops < len(stack) else 1 :]
                stack += pushes
        table = states[state := stack[-1]]
