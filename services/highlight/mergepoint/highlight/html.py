"""HTML around Pygments' own: complete pages, and code that follows the reader's light or dark preference."""

from html import escape
from typing import Any

from pygments.formatters.html import HtmlFormatter, webify
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Text

from . import stylesheets

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
MARGINS = "body {{ margin: 1rem; color-scheme: {scheme}; {background} }}\n"


def page(body: str, title: str, style: str, dark: str | None, *, css: str) -> str:
    """Return a complete document around highlighted *body*; *title* is text, not markup."""
    light_style = stylesheets.find(style)
    if dark:
        scheme, background = (
            "light dark",
            _background(light_style, stylesheets.find(dark, "dark_style")),
        )
    else:
        scheme = "dark" if stylesheets.is_dark(light_style) else "light"
        background = f"background: {light_style.background_color}"
    rules = MARGINS.format(scheme=scheme, background=background)
    if css == "classes":
        rules += stylesheets.stylesheet(style, dark=dark)
    return PAGE.format(title=escape(title or "Code"), css=rules, body=body)


def self_styled(body: str, style: str, dark: str) -> str:
    """Return *body* with a style sheet of its own for both preferences, which touches nothing else on a page."""
    scope = f"highlight-{style}-{dark}"
    css = stylesheets.stylesheet(style, dark=dark, scope=f".{scope}")
    return f'<div class="{scope}"><style>\n{css}</style>{body}</div>\n'


class AdaptiveHtmlFormatter(HtmlFormatter):
    """Inline styles for two styles at once, with CSS ``light-dark()`` (CSS Color 5).

    The function knows colours only, so weight and slant are those that *style* gives.
    """

    def __init__(self, dark_style: type[Style], **options: Any) -> None:
        self._dark = dark_style
        light: type[Style] = options["style"]
        colours = _light_dark("color", _colour(light, Text), _colour(dark_style, Text))
        super().__init__(
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
