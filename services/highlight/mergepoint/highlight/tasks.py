"""What each call does with its options: the core's work as an Answer. No limits, no sandbox."""

import base64
from collections.abc import Callable
from typing import Any

from mergepoint.kit import problems
from mergepoint.kit.dispatch import Answer, run
from mergepoint.kit.problems import Problem

from . import core, engine, lexers, lines, marks, stylesheets
from .formats import DEFAULT, FORMATS, Layout
from .options import (
    BatchOptions,
    CheckOptions,
    GuessOptions,
    HighlightOptions,
    ListOptions,
    StylesheetOptions,
)

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
        format=options.format or DEFAULT,
        layout=layout(options),
        tabsize=options.tabsize,
        strip=options.strip,
        guess=options.guess,
        render=render,
    )
    content = found.content if isinstance(found.content, bytes) else found.content.encode()
    meta = {"Mergepoint-Language": found.language} | ({"Mergepoint-Plaintext": "1"} if found.plaintext else {})
    return Answer(content, found.type, meta)


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


def check(options: CheckOptions) -> Answer:
    """Refuse what names no language."""
    lexers.by_name(options.language)
    return Answer.json({})


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


def _result(snippet: HighlightOptions, highlight: Highlight) -> dict[str, Any]:
    try:
        answer = run(highlight, snippet)
    except Problem as problem:
        if problem.code == "overloaded":  # so is the next; the whole batch can be sent again
            raise
        document = problems.document(problem, problems.STATUS)
        return {"status": document["status"], "problem": document}
    text = not FORMATS[snippet.format or DEFAULT].drawn
    return {
        "status": 200,
        "type": answer.type,
        "body": answer.body.decode() if text else base64.b64encode(answer.body).decode(),
        **({} if text else {"encoding": "base64"}),
        "language": answer.meta["Mergepoint-Language"],
        "plaintext": "Mergepoint-Plaintext" in answer.meta,
        "degraded": answer.meta.get("Mergepoint-Degraded"),
    }
