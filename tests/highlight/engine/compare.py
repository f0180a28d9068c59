"""Pygments beside the engine: the same tokens, the same HTML, the same complaint."""

import gc
import itertools
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer

from mergepoint.highlight.engine import accelerate, highlight

MOST = 5000  # tokens; a lexer may go on for ever
PATIENCE, MORE = 0.1, 100  # seconds for Pygments, and how many times that for the engine
# Lists that lexers keep in their class, so that one text changes what becomes of the next.
REMEMBERED = ("xquery_parse_state", "preproc_stack")

Make = Callable[[], Lexer]


class TimeLimitExceeded(BaseException):
    """Pygments takes too long for a test."""


def check(make: Make, text: str, stack: tuple[str, ...] | None = None) -> bool:
    """Fail if the engine gives anything else than Pygments for *text*; *make* returns a new lexer each time.

    Return whether Pygments comes to an end.
    """
    arguments = () if stack is None else (stack,)
    theirs = within(PATIENCE, lambda: outcome(make, lambda lexer: tokens(lexer, text, *arguments)))
    if theirs is None or len(theirs) == MOST:
        return False
    ours = within(PATIENCE * MORE, lambda: outcome(make, lambda lexer: tokens(accelerate(lexer), text, *arguments)))
    assert ours == theirs
    if stack is None:
        theirs = within(PATIENCE, lambda: outcome(make, lambda lexer: html(pygments.highlight, lexer, text)))
        if theirs is None:  # with an end of line added
            return False
        ours = within(PATIENCE * MORE, lambda: outcome(make, lambda lexer: html(highlight, lexer, text)))
        assert ours == theirs
    return True


def tokens(lexer: Lexer, text: str, *arguments: Any) -> list[Any]:
    return list(itertools.islice(lexer.get_tokens_unprocessed(text, *arguments), MOST))


def html(render: Callable[..., str], lexer: Lexer, text: str, **options: Any) -> str:
    return render(text, lexer, HtmlFormatter(**options))


def outcome(make: Make, work: Callable[[Lexer], Any]) -> Any:
    """Return what *work* makes of a new lexer, or what it raises."""
    lexer = make()
    for kind in type(lexer).__mro__:
        for name in REMEMBERED:
            if name in vars(kind):
                vars(kind)[name].clear()
    try:
        return work(lexer)
    except RecursionError:
        return (RecursionError,)  # says how deep it was
    except Exception as error:
        return type(error), str(error)


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Return what *work* returns; None if it takes longer than *seconds* of processor time."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeLimitExceeded

    before = signal.signal(signal.SIGVTALRM, stop)
    gc.disable()  # what is raised while it calls back is lost
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        return work()
    except TimeLimitExceeded:
        return None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)


def patterns(lexer: Any) -> Iterator[Any]:
    """Yield the patterns of *lexer*'s rules and of those that it delegates to."""
    for part in (lexer, getattr(lexer, "root_lexer", None), getattr(lexer, "language_lexer", None)):
        for rules in getattr(part, "_tokens", {}).values():
            yield from (match.__self__ for match, *_ in rules)
