"""What the calls of this service take: the validation, the OpenAPI document and the command line's flags at once."""

import re
from typing import Annotated, Literal

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
GuessName = Literal["content", "pygments"]
MOST_SNIPPETS = 100
LINES = re.compile(r"[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?){0,199}", re.ASCII)

Code = Annotated[str, Field(description="the text", json_schema_extra={"content": True})]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _join(value: object) -> object:
    """Lists of line numbers are fine in JSON."""
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _lines(value: str) -> str:
    spans = parse_lines(value) if LINES.fullmatch(value) else []
    if not spans or any(first < 1 or last < first for first, last in spans):
        raise ValueError("line numbers from 1 and ranges of them, at most 200: 3,5-7")
    return value


def parse_lines(value: str) -> list[tuple[int, int]]:
    """Return the first and last line of every range in ``3,5-7``."""
    return [(int(first), int(last or first)) for first, _, last in (part.partition("-") for part in value.split(","))]


class HighlightOptions(Options):
    """One text and how to highlight it."""

    code: Code
    language: Name | None = Field(None, description="a name or alias from /highlight/languages; none: guessed")
    filename: Name | None = Field(None, description="hints at the language when language is absent")
    mimetype: Name | None = Field(None, description="hints at it when the filename says nothing")
    guess: GuessName = Field("content", description="how to guess where no hint helps; pygments: as Pygments does")
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
        BeforeValidator(_join),
        AfterValidator(lambda value: value and _lines(value)),
    ] = Field(None, max_length=4000, description="lines to mark, counted from 1: 3,5-7")
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


class BatchOptions(Options):
    """Up to 100 texts, each with its own options."""

    snippets: list[HighlightOptions] = Field(min_length=1, max_length=MOST_SNIPPETS)


class GuessOptions(Options):
    """A text whose language is wanted."""

    code: Code
    filename: Name | None = Field(None, description="helps")
    guess: GuessName = Field("content", description="pygments: what Pygments alone says")
    limit: int = Field(5, ge=1, le=100, description="how many candidates at most")


class StylesheetOptions(Options):
    """A style sheet for css=classes."""

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
