"""Pygments' styles, and style sheets for the classes that highlighted HTML carries."""

from functools import cache, lru_cache
from typing import Any

from pygments.formatters.html import HtmlFormatter
from pygments.style import Style
from pygments.styles import get_all_styles, get_style_by_name

from .nearest import Nearest

SELECTOR = ".highlight"


class UnknownStyle(LookupError):
    """No style goes by that name; *field* says which option asked for it."""

    code = "unknown_style"

    def __init__(self, name: str, field: str) -> None:
        super().__init__(f"no style is called {name[:60]!r}; did you mean {_nearest().to(name.lower())!r}?")
        self.field = field


@cache
def names() -> tuple[str, ...]:
    """Return the names of all styles, sorted."""
    return tuple(sorted(get_all_styles()))


@cache
def _nearest() -> Nearest:
    return Nearest(dict.fromkeys(names(), False))


def find(name: str, field: str = "style") -> type[Style]:
    """Return the style class called *name*."""
    if name not in names():
        raise UnknownStyle(name, field)
    style: type[Style] = get_style_by_name(name)
    return style


@cache
def styles() -> list[dict[str, Any]]:
    """Return every style: its name, its background colour, and whether it is for dark pages."""
    return [
        {
            "name": name,
            "background": find(name).background_color,
            "dark": is_dark(find(name)),
        }
        for name in names()
    ]


@lru_cache(maxsize=512)
def stylesheet(style: str = "default", *, dark: str | None = None, scope: str = "") -> str:
    """Return the CSS for *style*; with *dark*, that style for readers who prefer dark pages.

    Below the selector *scope* it touches nothing else; without, it is Pygments' own for ``.highlight``.
    """
    light_rules = _rules(find(style), scope)
    if dark is None:
        return light_rules
    dark_rules = _rules(find(dark, "dark"), scope)
    return (
        f"@media not (prefers-color-scheme: dark) {{\n{light_rules}}}\n"
        f"@media (prefers-color-scheme: dark) {{\n{dark_rules}}}\n"
    )


def is_dark(style: type[Style]) -> bool:
    """Whether the background is nearer to black than to white (luma after ITU-R BT.601)."""
    digits = style.background_color.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    return (red * 299 + green * 587 + blue * 114) / 1000 < 128


def _rules(style: type[Style], scope: str) -> str:
    formatter = HtmlFormatter(style=style)
    if not scope:
        return f"{formatter.get_style_defs(SELECTOR)}\n"
    layout = [f"{scope} {rule}" for rule in formatter.get_linenos_style_defs()]
    selector = f"{scope} {SELECTOR}"
    rules = [
        *layout,
        *formatter.get_background_style_defs(selector),
        *formatter.get_token_style_defs(selector),
    ]
    return "\n".join(rules) + "\n"
