"""Pygments' styles, and style sheets for the classes that highlighted HTML carries."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pygments.formatters.html import HtmlFormatter
from pygments.style import Style
from pygments.styles import get_all_styles, get_style_by_name

from . import marks
from .nearest import Nearest


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


@dataclass(frozen=True)
class Sheet:
    """Which style sheet: for *style*, and with *dark* that style for readers who prefer dark.

    *dark_selector* is an ancestor that makes it dark too: ``.name``, ``#name``, ``[name]`` or ``[name=value]``.
    Outside the class *scope*, with its dot or without, it touches nothing. *cssclass* and *classprefix* are those of
    the HTML; with *marks* it knows marked lines.
    """

    style: str = "default"
    dark: str | None = None
    dark_selector: str | None = None
    scope: str = ""
    cssclass: str = "highlight"
    classprefix: str = ""
    marks: bool = False

    @property
    def dark_ancestor(self) -> str:
        """``dark_selector`` with its value in quotes: it need be no identifier then."""
        name, equals, value = (self.dark_selector or "").removesuffix("]").partition("=")
        return f'{name}="{value}"]' if equals else self.dark_selector or ""


def stylesheet(style: str = "default", **options: Any) -> str:
    """Return the CSS for *style*; the *options* are those of `Sheet`. Without any, it is Pygments' own."""
    return css_of(Sheet(style, **options))


@lru_cache(maxsize=512)
def css_of(sheet: Sheet) -> str:
    """Return the CSS of *sheet*."""
    light = _rules(find(sheet.style), sheet)
    if sheet.dark is None:
        return light
    dark = _rules(find(sheet.dark, "dark"), sheet)
    return "".join(
        f"@media {'' if preference == 'dark' else 'not '}(prefers-color-scheme: dark) {{\n{_only(rules, where)}}}\n"
        for preference, rules, where in _cases(light, dark, sheet.dark_ancestor)
    )


def _cases(light: str, dark: str, selector: str) -> list[tuple[str, str, str]]:
    """Return what holds when: the reader's preference, the rules, and what must be true of an element for them.

    Never two at once, so that nothing of one style shows in the other.
    """
    if not selector:
        return [("light", light, ""), ("dark", dark, "")]
    below = within(selector)
    cases = [("light", light, f":not({below})"), ("light", dark, f":is({below})")]
    if not (other := opposite(selector)):
        return [*cases, ("dark", dark, "")]
    told = f":is({within(other)}):not({below})"  # the page says light, and not further inside dark again
    return [*cases, ("dark", light, told), ("dark", dark, f":not({told})")]


def within(selector: str) -> str:
    """Return the selector of what *selector* matches, and of all below that."""
    return f"{selector}, {selector} *"


def opposite(selector: str) -> str | None:
    """Return what says that a page is not dark: the attribute with another value. A class cannot say so."""
    name, equals, _ = selector.removeprefix("[").partition("=")
    return f"[{name}]:not({selector})" if equals else None


def _only(rules: str, condition: str) -> str:
    """Return *rules*, one a line, for the elements of which *condition* is true."""
    if not condition:
        return rules
    parts = (line.partition("{") for line in rules.splitlines())
    return "".join(f"{selector.rstrip()}{condition} {{{rest}\n" for selector, _, rest in parts)


def is_dark(style: type[Style]) -> bool:
    """Whether the background is nearer to black than to white (luma after ITU-R BT.601)."""
    digits = style.background_color.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
    return (red * 299 + green * 587 + blue * 114) / 1000 < 128


def _rules(style: type[Style], sheet: Sheet) -> str:
    formatter = HtmlFormatter(style=style, classprefix=sheet.classprefix)
    selector = f".{sheet.cssclass}"
    if not sheet.scope:
        rules = [formatter.get_style_defs(selector)]
    else:
        scope = f".{sheet.scope.removeprefix('.')}"
        selector = selector if selector == scope else f"{scope} {selector}"
        rules = [
            *(f"{scope} {rule}" for rule in formatter.get_linenos_style_defs()),
            *formatter.get_background_style_defs(selector),
            *formatter.get_token_style_defs(selector),
        ]
    return "\n".join([*rules, *(marks.rules(selector) if sheet.marks else ())]) + "\n"
