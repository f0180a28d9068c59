"""The formats of highlighted code: the one table that options, routes, negotiation and fallbacks read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pygments.formatter import Formatter
from pygments.formatters.bbcode import BBCodeFormatter
from pygments.formatters.html import HtmlFormatter
from pygments.formatters.latex import LatexFormatter, escape_tex
from pygments.formatters.rtf import RtfFormatter
from pygments.formatters.terminal import TerminalFormatter
from pygments.formatters.terminal256 import (
    Terminal256Formatter,
    TerminalTrueColorFormatter,
)

from . import html, stylesheets
from .drawing import SizedSvgFormatter, png_formatter
from .marks import Marks
from .stylesheets import Sheet
from .tokens import TokenFormatter


@dataclass(frozen=True)
class Layout:
    """How the answer looks. A format ignores the fields that it has no equivalent for.

    *linenos* is ``none``, ``inline`` or ``table``, *css* ``classes`` or ``inline``; *hl_lines* are counted from 1. Only
    *marks*, since they carry meaning, are refused where they cannot be shown.
    """

    style: str = "default"
    dark_style: str | None = None
    css: str = "classes"
    linenos: str = "none"
    linenostart: int = 1
    linenostep: int = 1
    hl_lines: tuple[int, ...] = ()
    marks: Marks = ()
    anchors: str = ""
    linespans: str = ""
    anchorlinenos: bool = False
    unselectable: bool = False
    wrapcode: bool = False
    cssclass: str = "highlight"
    classprefix: str = ""
    dark_selector: str | None = None
    nowrap: bool = False
    page: bool = False
    title: str = ""


class NoMarks(ValueError):
    """The format has no way to show marked lines."""

    code = "invalid_option"
    field = "marks"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no marks; {', '.join(MARKED)} have")


@dataclass(frozen=True)
class Format:
    """One way to write highlighted code. *formatter* makes what writes it, from a layout and the language's word.

    *marked*: it can show marked lines. *drawn*: it is bytes, pixels, which cost more than text does, also those of
    plain text. *chosen_by_type*: of several formats of one type Accept and the extension of a link mean this one.
    """

    name: str
    type: str
    extension: str
    formatter: Callable[[Layout, str], Formatter]
    finish: Callable[[str, Layout], str] = lambda text, layout: text
    marked: bool = False
    drawn: bool = False
    chosen_by_type: bool = True


@lru_cache(maxsize=64)
def _html_formatter(layout: Layout) -> Formatter:
    options: dict[str, Any] = {
        "style": stylesheets.find(layout.style),
        "linenos": False if layout.linenos == "none" else layout.linenos,
        "linenostart": layout.linenostart,
        "linenostep": layout.linenostep,
        "hl_lines": layout.hl_lines,
        "lineanchors": layout.anchors,
        "linespans": layout.linespans,
        "anchorlinenos": layout.anchorlinenos,
        "wrapcode": layout.wrapcode,
        "cssclass": layout.cssclass,
        "classprefix": layout.classprefix,
        "noclasses": layout.css == "inline",
        "nowrap": layout.nowrap,
    }
    lines = html.Lines(dict(layout.marks), unselectable=layout.unselectable)
    if layout.dark_style and layout.css == "inline":
        dark = stylesheets.find(layout.dark_style, "dark_style")
        return html.AdaptiveHtmlFormatter(dark, lines, **options)
    return html.LinesHtmlFormatter(lines, **options) if lines else HtmlFormatter(**options)


def _finish_html(text: str, layout: Layout) -> str:
    sheet = Sheet(
        layout.style,
        dark=layout.dark_style,
        dark_selector=layout.dark_selector,
        cssclass=layout.cssclass,
        classprefix=layout.classprefix,
        marks=bool(layout.marks),
    )
    if layout.page:
        return html.page(text, layout.title, sheet, css=layout.css)
    if layout.dark_style and layout.css == "classes" and not layout.nowrap:
        return html.prepend_sheet(text, sheet)
    return text


def _number_options(layout: Layout) -> dict[str, Any]:
    return {
        "style": stylesheets.find(layout.style),
        "linenos": layout.linenos != "none",
        "linenostart": layout.linenostart,
        "linenostep": layout.linenostep,
    }


def _latex(layout: Layout, _: str) -> Formatter:
    return LatexFormatter(**_number_options(layout), full=layout.page, title=escape_tex(layout.title, "PY"))


def _rtf(layout: Layout, _: str) -> Formatter:
    return RtfFormatter(**_number_options(layout), hl_lines=layout.hl_lines)


def _png(layout: Layout, _: str) -> Formatter:
    return png_formatter(
        layout.marks,
        style=stylesheets.find(layout.style),
        line_numbers=layout.linenos != "none",
        line_number_start=layout.linenostart,
        line_number_step=layout.linenostep,
        line_number_chars=max(2, len(str(layout.linenostart)) + 1),
        hl_lines=layout.hl_lines,
    )


def _svg(layout: Layout, _: str) -> Formatter:
    return SizedSvgFormatter(layout.marks, **_number_options(layout))


def _bbcode(layout: Layout, _: str) -> Formatter:
    return BBCodeFormatter(style=stylesheets.find(layout.style))


def _terminal(kind: type[Formatter]) -> Callable[[Layout, str], Formatter]:
    def make(layout: Layout, _: str) -> Formatter:
        style = stylesheets.find(layout.style)
        dark = "dark" if stylesheets.is_dark(style) else "light"
        return kind(style=style, linenos=layout.linenos != "none", bg=dark)

    return make


DEFAULT = "html"
HTML, ANSI, BBCODE = "text/html; charset=utf-8", "text/x-ansi; charset=utf-8", "text/x-bbcode; charset=utf-8"
ALL = (
    Format("html", HTML, "html", lambda layout, _: _html_formatter(layout), _finish_html, marked=True),
    Format("svg", "image/svg+xml", "svg", _svg, marked=True),
    Format("png", "image/png", "png", _png, marked=True, drawn=True),
    Format("latex", "application/x-latex", "tex", _latex),
    Format("rtf", "application/rtf", "rtf", _rtf),
    Format("bbcode", BBCODE, "bbcode", _bbcode),
    Format("terminal", ANSI, "ansi", _terminal(TerminalFormatter), chosen_by_type=False),
    Format("terminal256", ANSI, "ansi", _terminal(Terminal256Formatter)),
    Format("terminal16m", ANSI, "ansi", _terminal(TerminalTrueColorFormatter), chosen_by_type=False),
    Format("json", "application/json", "json", lambda _, language: TokenFormatter(language)),
)
FORMATS = {format.name: format for format in ALL}
"""By name, in the order in which they are listed; the first is what a client gets that accepts anything."""
MARKED = tuple(format.name for format in ALL if format.marked)
