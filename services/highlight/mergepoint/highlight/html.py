"""HTML around Pygments' own: complete pages, marked lines, code that follows the reader's light or dark preference."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from pygments.formatters.html import HtmlFormatter, webify
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Text

from . import marks, stylesheets
from .stylesheets import Sheet

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
{body}</body>
</html>
"""
# The opening tags of a number before a line, and of all numbers beside the lines; each may have a style.
NUMBER = re.compile(r'^((?:<a [^>]*>)?<span(?: class="[^"]*")?)(?: style="([^"]*)")?(>)')
NUMBERS = re.compile(r'(<td class="linenos")()(>)')
MARGINS = "body {{ margin: 1rem; color-scheme: {scheme}; {background} }}\n"


def page(body: str, title: str, sheet: Sheet, *, css: str) -> str:
    """Return a complete document around highlighted *body*; *title* is text, not markup."""
    light_style = stylesheets.find(sheet.style)
    if sheet.dark:
        scheme, background = (
            "light dark",
            _background(light_style, stylesheets.find(sheet.dark, "dark_style")),
        )
    else:
        scheme = "dark" if stylesheets.is_dark(light_style) else "light"
        background = f"background: {light_style.background_color}"
    rules = MARGINS.format(scheme=scheme, background=background)
    for told, scheme in ((stylesheets.opposite(sheet.dark_ancestor), "light"), (sheet.dark_ancestor, "dark")):
        rules += f"body:is({stylesheets.within(told)}) {{ color-scheme: {scheme} }}\n" if told else ""
    if css == "classes":
        rules += stylesheets.css_of(sheet)
    return PAGE.format(title=escape(title or "Code"), css=rules, body=body)


def prepend_sheet(body: str, sheet: Sheet) -> str:
    """Return *body* with a style sheet of its own for both preferences, which touches nothing else on a page."""
    words = ["highlight", sheet.style, str(sheet.dark), *re.findall(r"[\w-]+", sheet.dark_selector or "")]
    scope = "-".join(words)
    css = stylesheets.css_of(replace(sheet, scope=scope))
    return f'<div class="{scope}"><style>\n{css}</style>{body}</div>\n'


@dataclass(frozen=True)
class Lines:
    """Changes to lines that Pygments has no option for: *marks* by line number, and numbers that cannot be selected."""

    marks: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    unselectable: bool = False

    def __bool__(self) -> bool:
        return bool(self.marks) or self.unselectable


class LinesHtmlFormatter(HtmlFormatter):
    """Pygments' formatter with *lines*. The spans of marks are within those of ``hl_lines``."""

    def __init__(self, lines: Lines, **options: Any) -> None:
        super().__init__(**options)
        self._lines = lines
        if lines.marks:
            self.hl_lines.add(0)  # no line has this number, but Pygments looks at lines only if there is one

    def _highlight_lines(self, tokensource: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        marked = self._lines.marks
        lines = (
            (kind, self._mark_line(line, marked.get(number, ()))) for number, (kind, line) in enumerate(tokensource, 1)
        )
        yield from super()._highlight_lines(lines)

    def _mark_line(self, line: str, kinds: Sequence[str]) -> str:
        if not kinds:
            return line
        attribute, value = "class", marks.classes(kinds)
        if self.noclasses:
            attribute, value = "style", "; ".join(map(marks.declarations, kinds))
        return f'<span {attribute}="{value}">{line.removesuffix(self.lineseparator)}</span>{self.lineseparator}'

    def _wrap_inlinelinenos(self, inner: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        for kind, line in super()._wrap_inlinelinenos(inner):
            yield kind, NUMBER.sub(_unselectable, line, 1) if self._lines.unselectable else line

    def _wrap_tablelinenos(self, inner: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        (kind, head), *rest = super()._wrap_tablelinenos(inner)
        yield kind, NUMBERS.sub(_unselectable, head, 1) if self._lines.unselectable else head
        yield from rest


def _unselectable(match: re.Match[str]) -> str:
    before, style, end = match.groups()
    return f'{before} style="{style or ""}-webkit-user-select: none; user-select: none"{end}'


class AdaptiveHtmlFormatter(LinesHtmlFormatter):
    """Inline styles for two styles at once, with CSS ``light-dark()`` (CSS Color 5).

    The function knows colours only, so weight and slant are those that *style* gives.
    """

    def __init__(self, dark_style: type[Style], lines: Lines, **options: Any) -> None:
        self._dark = dark_style
        light: type[Style] = options["style"]
        colours = _light_dark("color", _colour(light, Text), _colour(dark_style, Text))
        super().__init__(
            lines,
            nobackground=True,
            cssstyles=f"color-scheme: light dark; {_background(light, dark_style)}; {colours}",
            **options,
        )

    def _create_stylesheet(self) -> None:
        super()._create_stylesheet()
        for kind in STANDARD_TYPES:
            light, dark = (
                self.style.style_for_token(kind),
                self._dark.style_for_token(kind),
            )
            rules = [
                _light_dark("color", webify(light["color"] or ""), webify(dark["color"] or "")),
                _light_dark(
                    "background-color",
                    webify(light["bgcolor"] or ""),
                    webify(dark["bgcolor"] or ""),
                ),
                "font-weight: bold" if light["bold"] else "",
                "font-style: italic" if light["italic"] else "",
                "text-decoration: underline" if light["underline"] else "",
            ]
            if css := "; ".join(filter(None, rules)):
                name = self._get_css_class(kind)
                self.ttype2class[kind] = name
                self.class2style[name] = (css, kind, len(kind))

    @property
    def _linenos_style(self) -> str:
        return "color: inherit; background-color: transparent; opacity: .6; padding-left: 5px; padding-right: 5px;"


def _colour(style: type[Style], kind: Any) -> str:
    own = style.style_for_token(kind)["color"]
    return f"#{own}" if own else ("#fff" if stylesheets.is_dark(style) else "#000")


def _background(light: type[Style], dark: type[Style]) -> str:
    return _light_dark("background", light.background_color, dark.background_color)


def _light_dark(rule: str, light: str, dark: str) -> str:
    if not light and not dark:
        return ""
    absent = "transparent" if rule.startswith("background") else "currentcolor"
    return f"{rule}: light-dark({light or absent}, {dark or absent})"
