"""Versions of Pygments' callbacks ``bygroups`` and ``using`` for matches with renumbered groups and for fast lexers."""

from collections.abc import Callable, Iterator
from typing import Any

from pygments.lexer import _PseudoMatch, bygroups, this, using
from pygments.token import _TokenType

from .loop import Token

# The code objects of Pygments' callbacks, which distinguish them from the lexers' own.
_BYGROUPS, _USING, _USING_THIS = (made.__code__ for made in (bygroups(), using(object), using(this)))


def actions_of(action: Any, groups: int) -> dict[int, Any]:
    """Return the actions by group: those of ``bygroups``; for ``using`` one for group 0; empty for other callbacks."""
    code = getattr(action, "__code__", None)
    if code is _USING or code is _USING_THIS:
        return {0: action}
    actions = action.__closure__[0].cell_contents if code is _BYGROUPS else ()
    return {group: part for group, part in enumerate(actions, 1) if part is not None} if len(actions) <= groups else {}


def by_groups(actions: dict[int, Any], offset: int, accelerate: Callable[[Any], Any]) -> Callable[..., Iterator[Token]]:
    """Return a callback that applies *actions* to the groups of a match, whose numbers are higher by *offset*."""
    parts = [
        (group and group + offset, part if type(part) is _TokenType else None, _using(part, accelerate))
        for group, part in actions.items()
    ]

    def callback(lexer: Any, match: Any, ctx: Any = None) -> Iterator[Token]:
        for group, ttype, action in parts:
            value = match[group]
            if ttype is not None:
                if value:
                    yield match.start(group), ttype, value
            elif value is not None:
                if ctx:
                    ctx.pos = match.start(group)
                yield from filter(None, action(lexer, _PseudoMatch(match.start(group), value), ctx))
        if ctx:
            ctx.pos = match.end()

    return callback


def _using(action: Any, accelerate: Callable[[Any], Any]) -> Any:
    """Return *action*; if it is ``using``, return a version with an accelerated lexer."""
    code = getattr(action, "__code__", None)
    if code is not _USING and code is not _USING_THIS:
        return action
    free = dict(zip(code.co_freevars, (cell.cell_contents for cell in action.__closure__), strict=True))
    other, options, arguments = free.get("_other"), free["kwargs"], free["gt_kwargs"]

    def callback(lexer: Any, match: Any, ctx: Any = None) -> Iterator[Token]:
        inner = lexer
        if other or options:
            stock = other or type(lexer).__mro__[1]  # the fast class itself would make rules of its own
            inner = accelerate(stock(**lexer.options | options))
        start = match.start()
        for index, ttype, value in inner.get_tokens_unprocessed(match.group(), **arguments):
            yield index + start, ttype, value

    return callback
