"""The options of the calls: validation, OpenAPI document and command-line flags at once."""

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from mergepoint.kit.options import Options

from . import lines, marks
from .formats import FORMATS

if TYPE_CHECKING:
    FormatName = str
else:  # one list of formats: mypy takes no computed Literal, pydantic does
    FormatName = Literal[*FORMATS]
GuessName = Literal["content", "pygments"]
MOST_SNIPPETS = 100
# Other names of these options, in other highlighters and in habit.
TEXT = "text source input content contents file files data upload body snippet src string value document raw sourcecode"
FILENAME = "name path filepath basename"

# Options that nowrap excludes: they concern the element around.
AROUND = (
    "dark_style",
    "linenos",
    "unselectable",
    "anchorlinenos",
    "anchors",
    "linespans",
    "wrapcode",
    "cssclass",
    "page",
)
# An identifier of CSS (Syntax Level 3, 4.3.11) that needs no escapes.
WORD = "-?[A-Za-z_][A-Za-z0-9_-]*"
SELECTOR = re.compile(rf"[.#]{WORD}|\[{WORD}(=[A-Za-z0-9_-]+)?\]")

Lines = Annotated[
    str | None,
    BeforeValidator(lines.normalize),
    AfterValidator(lambda value: value and lines.check(value)),
    Field(max_length=lines.LONGEST),
]
MarkedLines = Annotated[
    str | None,
    BeforeValidator(marks.normalize),
    AfterValidator(lambda value: value and marks.check(value)),
    Field(max_length=lines.LONGEST),
]
Code = Annotated[str, Field(description="the text", json_schema_extra={"content": True})]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Prefix = Annotated[str, Field(pattern="^([A-Za-z][A-Za-z0-9_-]{0,63})?$")]


def _selector(value: str) -> str:
    if not SELECTOR.fullmatch(value):
        raise ValueError("one of .name, #name, [name] and [name=value], of letters, digits, - and _")
    return value


def _word(value: str) -> str:
    if value and not re.fullmatch(WORD, value):
        raise ValueError("letters, digits, - and _, without a digit at the beginning")
    return value


Selector = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_selector)]
ClassName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_word)]
ClassPrefix = Annotated[str, Field(max_length=64), AfterValidator(_word)]


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
        "unselectable": "nonselectable userselect copyable copysafe linenosselect",
        "marks": "mark linemarks annotations diff",
        "cssclass": "class wrapperclass",
        "classprefix": "prefix",
        "linespans": "linespan lineids",
        "wrapcode": "codetag",
        "dark_selector": "darkclass darkattribute",
    }
    code: Code
    language: Name | None = Field(None, description="a name or alias from /highlight/languages; none: guessed")
    filename: Name | None = Field(None, description="hints at the language when language is absent")
    mimetype: Name | None = Field(None, description="hints at it when the filename says nothing")
    guess: GuessName = Field("content", description="how to guess where no hint helps; pygments: as Pygments does")
    fallback: Literal["none", "plain"] = Field("none", description="plain: an unknown language gives plain text")
    format: FormatName | None = Field(None, description="what to write; none: by Accept, else html")
    nowrap: bool = Field(False, description="only the spans, nothing around them (html)")
    css: Literal["classes", "inline"] = Field("classes", description="inline needs no style sheet (html)")
    style: Name = Field("default", description="a name from /highlight/styles")
    dark_style: Name | None = Field(None, description="the style for readers who prefer dark (html)")
    dark_selector: Selector | None = Field(
        None, description="what around the code makes it dark too: .name, #name, [name] or [name=value] (html)"
    )
    linenos: Literal["none", "inline", "table"] = Field("none", description="line numbers")
    linenostart: int = Field(1, ge=0, le=1_000_000_000, description="number of the first line")
    linenostep: int = Field(1, ge=1, le=1_000_000, description="number every n-th line")
    unselectable: bool = Field(False, description="line numbers cannot be selected, and so are not copied (html)")
    anchorlinenos: bool = Field(False, description="line numbers are links to anchors or linespans (html)")
    hl_lines: Lines = Field(None, description="lines to mark, counted from 1: 3,5-7")
    marks: MarkedLines = Field(
        None, description="lines with a meaning: add:3,del:5,error:7,focus:9-12 (html, svg, png)"
    )
    anchors: Prefix = Field("", description="prefix of an id on every line (html)")
    linespans: Prefix = Field("", description="prefix of the id of a span around every line (html)")
    wrapcode: bool = Field(False, description="a code element within pre (html)")
    cssclass: ClassName = Field("highlight", description="class of the element around (html)")
    classprefix: ClassPrefix = Field("", description="what the classes of tokens begin with (html)")
    tabsize: int = Field(0, ge=0, le=16, description="expand tabs to so many columns; 0 keeps them")
    strip: bool = Field(False, description="remove white space around the text")
    page: bool = Field(False, description="a complete document with its style sheet (html, latex)")
    title: str = Field("", max_length=200, description="title of that document")
    strict: bool = Field(False, description="an error instead of a degraded answer")

    @field_validator("dark_selector")
    @classmethod
    def _has_a_sheet(cls, selector: str | None, info: ValidationInfo) -> str | None:
        if selector and not (info.data.get("dark_style") and info.data.get("css") == "classes"):
            raise ValueError("needs dark_style, and css=classes: inline styles know no ancestors")
        return selector

    @field_validator(*AROUND)
    @classmethod
    def _without_a_wrapper(cls, value: object, info: ValidationInfo) -> object:
        """Refuse, with nowrap, options for elements around the spans or beside them."""
        name = str(info.field_name)
        given = value != cls.model_fields[name].default
        if not given or not info.data.get("nowrap"):
            return value
        in_spans = name == "dark_style" and info.data.get("css") == "inline"
        in_html = name == "page" or info.data.get("format") in (None, "html")
        if in_html and not in_spans:
            raise ValueError(f"{name} and nowrap exclude each other")
        return value


class CheckOptions(Options):
    """The name of a language, which the sandbox looks up before a text's deadline begins."""

    language: str


class BatchOptions(Options):
    """Up to 100 texts, each with its own options."""

    synonyms: ClassVar = {"snippets": f"{TEXT} code codes items texts batch"}
    snippets: list[HighlightOptions] = Field(min_length=1, max_length=MOST_SNIPPETS)


class GuessOptions(Options):
    """A text whose language is wanted."""

    synonyms: ClassVar = {"code": TEXT, "filename": FILENAME, "limit": "max count n number top"}
    code: Code
    filename: Name | None = Field(None, description="helps")
    guess: GuessName = Field("content", description="pygments: what Pygments alone says")
    limit: int = Field(5, ge=1, le=100, description="how many candidates at most")


class StylesheetOptions(Options):
    """A style sheet for css=classes."""

    synonyms: ClassVar = {"dark": "darkstyle darktheme", "cssclass": "class selector", "scope": "within parent"}
    name: Name = Field(description="a name from /highlight/styles")
    dark: Name | None = Field(None, description="the style for readers who prefer dark")
    dark_selector: Selector | None = Field(
        None, description="what around the code makes it dark too: .name, #name, [name] or [name=value]"
    )
    scope: ClassName | None = Field(None, description="nothing outside elements of this class is touched")
    cssclass: ClassName = Field("highlight", description="as when highlighting")
    classprefix: ClassPrefix = Field("", description="as when highlighting")
    marks: bool = Field(False, description="with rules for marked lines")
    v: str | None = Field(
        None,
        max_length=64,
        description="this service's version: may then be kept for ever",
    )

    @field_validator("dark_selector")
    @classmethod
    def _has_a_dark_style(cls, selector: str | None, info: ValidationInfo) -> str | None:
        if selector and not info.data.get("dark"):
            raise ValueError("needs dark, the style for then")
        return selector


class ListOptions(Options):
    """Nothing but the version, for caches."""

    v: str | None = Field(
        None,
        max_length=64,
        description="this service's version: may then be kept for ever",
    )
