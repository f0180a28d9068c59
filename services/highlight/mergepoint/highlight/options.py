"""What the calls of this service take: the validation, the OpenAPI document and the command line's flags at once."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from mergepoint.kit.options import Options

FormatName = Literal[
    "html",
    "svg",
    "png",
    "latex",
    "rtf",
    "bbcode",
    "terminal",
    "terminal256",
    "terminal16m",
    "json",
]
MOST_SNIPPETS = 100
# What other highlighters, and people, call these.
TEXT = "text source input content contents file files data upload body snippet src string value document raw sourcecode"
FILENAME = "name path filepath basename"
MOST_LINES = 200
LONGEST_LINES = 4000
SPAN = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", re.ASCII)

Code = Annotated[str, Field(description="the text", json_schema_extra={"content": True})]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _join(value: object) -> object:
    """Lists of line numbers, and one alone, are fine in JSON."""
    parts = value if isinstance(value, list) else [value]
    if all(isinstance(part, int | str) and not isinstance(part, bool) for part in parts):
        return ",".join(map(str, parts))
    return value


def _spell(value: object) -> object:
    """Return *value* as ``3,5-7`` if it is that in another spelling: ``3 5-7``, ``3, 5 - 7``, ``[3, "5-7"]``."""
    if not isinstance(value, str) or len(value) > LONGEST_LINES:
        return value
    value = value.strip()
    if value[:1] + value[-1:] in ("[]", "{}", "()"):
        value = value[1:-1]
    words = value.replace('"', "").replace("'", "").replace(",", " , ").replace("-", " - ").split()
    return " ".join(words).replace(" - ", "-").replace(" , ", ",").replace(" ", ",")


def _lines(value: str) -> str:
    spans = [SPAN.fullmatch(part) for part in value.split(",", MOST_LINES)]
    if not all(span and 1 <= int(span[1]) <= int(span[2] or span[1]) for span in spans) or len(spans) > MOST_LINES:
        raise ValueError(f"line numbers from 1 and ranges of them, at most {MOST_LINES}: 3,5-7")
    return value


def parse_lines(value: str) -> list[tuple[int, int]]:
    """Return the first and last line of every range in ``3,5-7``."""
    return [(int(first), int(last or first)) for first, _, last in (part.partition("-") for part in value.split(","))]


class HighlightOptions(Options):
    """One text and how to highlight it."""

    synonyms: ClassVar = {
        "code": TEXT,
        "language": "lang lexer syntax mode grammar languageid filetype ft type brush lexername",
        "filename": FILENAME,
        "mimetype": "mime contenttype mediatype",
        "format": "formatter output outputformat to as ext extension",
        "style": "theme colorscheme colourscheme palette skin colors lighttheme",
        "dark_style": "dark darktheme stylesdark styledark",
        "css": "noclasses classes inline inlinestyles",
        "linenos": "lineno linenumbers numbers numberlines showlinenumbers gutter",
        "linenostart": "start startline firstline firstlinenumber linenumberstart startfrom",
        "linenostep": "step linenumberstep",
        "hl_lines": "highlight highlightlines lines emphasizelines marklines",
        "anchors": "lineanchors lineanchor",
        "tabsize": "tabs tabwidth tabstop",
        "strip": "stripall trim",
        "page": "full standalone complete",
        "nowrap": "bare fragment",
    }
    code: Code
    language: Name | None = Field(None, description="a name or alias from /highlight/languages; none: guessed")
    filename: Name | None = Field(None, description="chooses the language when language is absent")
    mimetype: Name | None = Field(None, description="chooses the language when both are absent")
    fallback: Literal["none", "plain"] = Field("none", description="plain: an unknown language gives plain text")
    format: FormatName | None = Field(None, description="what to write; none: by Accept, else html")
    style: Name = Field("default", description="a name from /highlight/styles")
    dark_style: Name | None = Field(None, description="the style for readers who prefer dark (html)")
    css: Literal["classes", "inline"] = Field("classes", description="inline needs no style sheet (html)")
    linenos: Literal["none", "inline", "table"] = Field("none", description="line numbers")
    linenostart: int = Field(1, ge=0, le=1_000_000_000, description="number of the first line")
    linenostep: int = Field(1, ge=1, le=1_000_000, description="number every n-th line")
    hl_lines: Annotated[
        str | None,
        BeforeValidator(lambda value: _spell(_join(value))),
        AfterValidator(lambda value: value and _lines(value)),
    ] = Field(None, max_length=LONGEST_LINES, description="lines to mark, counted from 1: 3,5-7")
    anchors: str = Field(
        "",
        pattern="^([A-Za-z][A-Za-z0-9_-]{0,63})?$",
        description="prefix of an id on every line (html)",
    )
    tabsize: int = Field(0, ge=0, le=16, description="expand tabs to so many columns; 0 keeps them")
    strip: bool = Field(False, description="remove white space around the text")
    nowrap: bool = Field(False, description="only the spans, nothing around them (html)")
    page: bool = Field(False, description="a complete document with its style sheet (html, latex)")
    title: str = Field("", max_length=200, description="title of that document")
    strict: bool = Field(False, description="an error instead of a degraded answer")

    @field_validator("page")
    @classmethod
    def _page_or_nowrap(cls, page: bool, info: ValidationInfo) -> bool:
        if page and info.data.get("nowrap"):
            raise ValueError("page and nowrap exclude each other")
        return page


class CheckOptions(Options):
    """What names a language; the sandbox is asked whether there is one by that name, before a text's time begins."""

    language: str | None = None
    filename: str | None = None
    mimetype: str | None = None


class BatchOptions(Options):
    """Up to 100 texts, each with its own options."""

    synonyms: ClassVar = {"snippets": f"{TEXT} code codes items texts batch"}
    snippets: list[HighlightOptions] = Field(min_length=1, max_length=MOST_SNIPPETS)


class GuessOptions(Options):
    """A text whose language is wanted."""

    synonyms: ClassVar = {"code": TEXT, "filename": FILENAME, "limit": "max count n number top"}
    code: Code
    filename: Name | None = Field(None, description="helps")
    limit: int = Field(5, ge=1, le=100, description="how many candidates at most")


class StylesheetOptions(Options):
    """A style sheet for css=classes."""

    synonyms: ClassVar = {"dark": "darkstyle darktheme"}
    name: Name = Field(description="a name from /highlight/styles")
    dark: Name | None = Field(None, description="the style for readers who prefer dark")
    v: str | None = Field(
        None,
        max_length=64,
        description="this service's version: may then be kept for ever",
    )


class ListOptions(Options):
    """Nothing but the version, for caches."""

    v: str | None = Field(
        None,
        max_length=64,
        description="this service's version: may then be kept for ever",
    )
