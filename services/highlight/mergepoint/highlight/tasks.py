"""The calls of this service by name, for every face: TASKS do the work, ``bounded`` does it in the sandbox.

Past its deadline a text comes back as plain text in the format asked for, marked degraded, where that format has one.
"""

import base64
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import pygments

from mergepoint.kit import problems
from mergepoint.kit.dispatch import Answer, Task, run
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded, Sandbox
from mergepoint.kit.sandbox.time_limit import TimeLimit
from mergepoint.kit.sandboxed import run_in_sandbox

from . import core, engine, lexers, lines, marks, stylesheets
from .formats import FORMATS, Layout
from .options import (
    BatchOptions,
    CheckOptions,
    GuessOptions,
    HighlightOptions,
    ListOptions,
    StylesheetOptions,
)

# Of 672 legitimate files none takes longer than 0.1 s and 10 µs a byte.
DEADLINE, DEADLINE_PER_BYTE, LONGEST_DEADLINE = 0.1, 10e-6, 5.0
# Drawing costs more than writing: measured 3 µs a byte over text, and the fonts are opened at the first call.
PNG_EXTRA, PNG_EXTRA_PER_BYTE = 0.2, 10e-6
GUESS_DEADLINE = 0.2  # promised are 0.4 on a machine that has a processor for it
# Plain text in its place must be written in time too: at most 3 µs a line (rtf with numbers), next to nothing a byte.
FALLBACK_PER_LINE = 3e-6
PLAIN_DEADLINE = 1.0  # plain text takes milliseconds; with a whole LONGEST_DEADLINE before it, nginx still waits
WITHOUT_FALLBACK = ("png",)
CHECK_DEADLINE = 1.0  # for looking up a name, which takes at most a millisecond or two
MOST_KNOWN = 4096  # names that are not looked up again

Highlight = Callable[[HighlightOptions], Answer]
Render = Callable[[str, Any, Any], str | bytes]


def highlight(options: HighlightOptions, render: Render = engine.highlight) -> Answer:
    """Highlight one text."""
    found = core.highlight(
        options.code,
        options.language,
        filename=options.filename,
        mimetype=options.mimetype,
        fallback=options.fallback,
        format=options.format or "html",
        layout=layout(options),
        tabsize=options.tabsize,
        strip=options.strip,
        guess=options.guess,
        render=render,
    )
    content = found.content if isinstance(found.content, bytes) else found.content.encode()
    meta = {"Mergepoint-Language": found.language} | ({"Mergepoint-Plaintext": "1"} if found.plaintext else {})
    return Answer(content, found.type, meta)


def layout(options: HighlightOptions) -> Layout:
    """Return the layout that *options* ask for; ranges of lines end where the text does."""
    marked: list[int] = []
    if options.hl_lines:
        last_line = last_line_of(options.code)
        for first, last in sorted(lines.parse(options.hl_lines)):  # each line once, however often it is named
            marked.extend(range(max(first, marked[-1] + 1 if marked else 1), min(last, last_line) + 1))
    return Layout(
        style=options.style,
        dark_style=options.dark_style,
        css=options.css,
        linenos=options.linenos,
        linenostart=options.linenostart,
        linenostep=options.linenostep,
        hl_lines=tuple(marked),
        marks=marks.on_lines(marks.parse(options.marks), last_line_of(options.code)) if options.marks else (),
        anchors=options.anchors,
        linespans=options.linespans,
        anchorlinenos=options.anchorlinenos,
        unselectable=options.unselectable,
        wrapcode=options.wrapcode,
        cssclass=options.cssclass,
        classprefix=options.classprefix,
        dark_selector=options.dark_selector,
        nowrap=options.nowrap,
        page=options.page,
        title=options.title,
    )


def last_line_of(code: str) -> int:
    """Return the number of the last line of *code*, whose line ends are not yet read."""
    return code.count("\n") + code.count("\r") + 1


def guess(options: GuessOptions) -> Answer:
    """Rank the languages that a text may be in."""
    candidates = core.guess(options.code, filename=options.filename, limit=options.limit, guess=options.guess)
    return Answer.json({"candidates": candidates})


def batch(options: BatchOptions, highlight: Highlight = highlight) -> Answer:
    """Highlight up to 100 texts with *highlight*; each has its own status."""
    results = [_result(snippet, highlight) for snippet in options.snippets]
    degraded = any(result.get("degraded") for result in results)
    return Answer.json(
        {"results": results},
        **({"Mergepoint-Degraded": "deadline"} if degraded else {}),
    )


def list_languages(options: ListOptions) -> Answer:
    """List every language: name, aliases, file name patterns, MIME types."""
    return Answer.json({"languages": lexers.languages()})


def list_formats(options: ListOptions) -> Answer:
    """List what highlighted code can be written as."""
    formats = [{"name": found.name, "type": found.type, "extension": found.extension} for found in FORMATS.values()]
    return Answer.json({"formats": formats})


def list_styles(options: ListOptions) -> Answer:
    """List every style: name, background, whether it is dark."""
    return Answer.json({"styles": stylesheets.styles()})


def stylesheet(options: StylesheetOptions) -> Answer:
    """Return a style sheet for css=classes; it is a thing with a name, so an unknown one is not found."""
    if options.name not in stylesheets.names():
        unknown = str(stylesheets.UnknownStyle(options.name, "name"))
        raise Problem("not_found", unknown, [{"field": "name", "message": unknown}])
    css = stylesheets.stylesheet(
        options.name,
        dark=options.dark,
        dark_selector=options.dark_selector,
        scope=options.scope or "",
        cssclass=options.cssclass,
        classprefix=options.classprefix,
        marks=options.marks,
    )
    return Answer(css.encode(), "text/css; charset=utf-8")


TASKS: Mapping[str, Task] = {
    "highlight": highlight,
    "batch": batch,
    "guess": guess,
    "languages": list_languages,
    "formats": list_formats,
    "styles": list_styles,
    "stylesheet": stylesheet,
}


def check(options: CheckOptions) -> Answer:
    """Refuse what names no language."""
    lexers.by_name(options.language)
    return Answer.json({})


# What the sandbox runs.
SANDBOXED: Mapping[str, Task] = {**TASKS, "check": check}


def tasks_with(renderer: str) -> Mapping[str, Task]:
    """Return SANDBOXED; with *renderer* ``pygments`` it uses Pygments as it is. The answers are the same."""
    stock = {"highlight": partial(highlight, render=pygments.highlight)}
    return SANDBOXED if renderer == "fast" else {**SANDBOXED, **stock}


def deadline(options: HighlightOptions) -> float:
    """Return how many seconds highlighting may take, from the size of the text."""
    size = len(options.code.encode())
    seconds = DEADLINE + size * DEADLINE_PER_BYTE
    if options.format == "png":
        seconds += PNG_EXTRA + size * PNG_EXTRA_PER_BYTE
    return min(seconds, LONGEST_DEADLINE)


class Limits:
    """What one request may take, for all its texts: *seconds* to highlight, and PLAIN_DEADLINE for fallbacks."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.whole = TimeLimit(seconds, clock=clock)
        self._clock = clock

    @cached_property
    def plain(self) -> TimeLimit:
        """Begins with the first fallback."""
        return TimeLimit(PLAIN_DEADLINE, clock=self._clock)


def bounded(sandbox: Sandbox, clock: Callable[[], float] = time.monotonic) -> Mapping[str, Task]:
    """Return TASKS whose work on texts is done by *sandbox*, each call within its deadline."""
    known: dict[CheckOptions, None] = {}

    def refuse_unknown(options: HighlightOptions) -> None:
        """Raise what is wrong with the names in *options*, before any clock runs: it is never degraded."""
        stylesheets.find(options.style)
        if options.dark_style:
            stylesheets.find(options.dark_style, "dark_style")
        if options.language is None or options.fallback == "plain":
            return
        names = CheckOptions(language=options.language)
        if names not in known:
            try:
                run_in_sandbox(sandbox, "highlight", "check", names, deadline=CHECK_DEADLINE)
            except DeadlineExceeded:
                raise Problem("overloaded", "too much to do; try again in a second") from None
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[names] = None

    def bounded_highlight(options: HighlightOptions, limits: Limits | None = None) -> Answer:
        refuse_unknown(options)
        limits = limits or Limits(deadline(options), clock)
        has_fallback = not options.strict and options.format not in WITHOUT_FALLBACK
        seconds = deadline(options)
        if has_fallback:
            seconds -= options.code.count("\n") * FALLBACK_PER_LINE
        try:
            return run_in_sandbox(sandbox, "highlight", "highlight", options, deadline=limits.whole.part(seconds))
        except DeadlineExceeded:
            if not has_fallback:
                raise Problem("deadline_exceeded", f"took longer than {deadline(options):.2f} s") from None
        return _plain(sandbox, options, limits.plain)

    def bounded_batch(options: BatchOptions) -> Answer:
        if not sandbox.prepared:  # to wait for that is not the batch's time
            _plain(sandbox, HighlightOptions(code=""), TimeLimit(PLAIN_DEADLINE))
        limits = Limits(min(sum(map(deadline, options.snippets)), LONGEST_DEADLINE), clock)
        return batch(options, lambda snippet: bounded_highlight(snippet, limits))

    def bounded_guess(options: GuessOptions) -> Answer:
        beginning = options.model_copy(update={"code": options.code[: lexers.GUESS_FROM]})
        try:
            return run_in_sandbox(sandbox, "highlight", "guess", beginning, deadline=GUESS_DEADLINE)
        except DeadlineExceeded:
            return Answer.json({"candidates": []}, **{"Mergepoint-Degraded": "deadline"})

    return {
        **TASKS,
        "highlight": bounded_highlight,
        "batch": bounded_batch,
        "guess": bounded_guess,
    }


def _plain(sandbox: Sandbox, options: HighlightOptions, limit: TimeLimit) -> Answer:
    plain = options.model_copy(update={"language": "text"})
    try:
        answer = run_in_sandbox(sandbox, "highlight", "highlight", plain, deadline=limit)
    except DeadlineExceeded:
        raise Problem("deadline_exceeded", "even plain text took too long") from None
    return Answer(answer.body, answer.type, {**answer.meta, "Mergepoint-Degraded": "deadline"})


def _result(snippet: HighlightOptions, highlight: Highlight) -> dict[str, Any]:
    try:
        answer = run(highlight, snippet)
    except Problem as problem:
        if problem.code == "overloaded":  # so is the next; the whole batch can be sent again
            raise
        document = problems.document(problem, problems.STATUS)
        return {"status": document["status"], "problem": document}
    text = answer.type != "image/png"
    return {
        "status": 200,
        "type": answer.type,
        "body": answer.body.decode() if text else base64.b64encode(answer.body).decode(),
        **({} if text else {"encoding": "base64"}),
        "language": answer.meta["Mergepoint-Language"],
        "plaintext": "Mergepoint-Plaintext" in answer.meta,
        "degraded": answer.meta.get("Mergepoint-Degraded"),
    }
