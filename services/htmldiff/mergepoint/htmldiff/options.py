"""The options of the calls: validation, OpenAPI document and command-line flags in one."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, JsonValue, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from mergepoint.kit.options import Options

MOST_VERSIONS = 100
MOST_CHOSEN = 100_000

Granularity = Literal["character", "word", "sentence", "block", "document"]
Ignorable = Literal["whitespace", "attributes", "case", "comments", "invisible"]
Wrapper = Literal["div", "section", "article", "main", "aside", "blockquote", "figure", "span"]
CONTENT: dict[str, JsonValue] = {"content": True, "contentMediaType": "text/html"}


def _split(value: object) -> object:
    """Split a list that a query has in one value: ``whitespace,case``."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Url = Annotated[str, Field(min_length=1, max_length=2000)]
WebUrl = Annotated[str, Field(max_length=2000, pattern=r"^(?i:https?)://[^\s/?#]+")]
BaseUrl = Annotated[WebUrl | None, Field(description="an absolute URL, to which relative links are resolved")]
Chosen = Annotated[list[Annotated[int, Field(ge=1)]], BeforeValidator(_split)]


class CompareOptions(Options):
    """The options of comparing. With equal options, changes have equal numbers."""

    # Other names that tools and people use for these options: an error suggests the right one.
    synonyms: ClassVar = {
        "old": "a before left from original orig previous prev base oldhtml html1 text1 file1 source text input "
        "content file data upload body html",
        "new": "b after right to current modified changed newhtml html2 text2 file2 target",
        "old_url": "url url1 beforeurl fromurl lefturl",
        "new_url": "url2 afterurl tourl righturl",
        "view": "mode display style layout",
        "granularity": "level unit precision by",
        "ignore": "skip exclude",
        "moved": "moves detectmoves",
        "sanitize": "sanitise safe clean",
        "wrapper_element": "wrapper element tag",
        "wrapper_class": "class cssclass",
        "format": "output outputformat to as type",
        "accept": "apply take",
        "reject": "revert",
    }
    granularity: Granularity = Field("word", description="the largest unit that changes as one")
    ignore: Annotated[list[Ignorable], BeforeValidator(_split)] = Field(
        [], max_length=5, description="differences that are no change: whitespace,attributes,case,comments,invisible"
    )
    moved: bool = Field(False, description="mark blocks that only moved as moved")
    sanitize: Literal["safe", "none"] = Field("safe", description="none: scripts and forms stay; only for trusted HTML")
    base_url: BaseUrl = None


def _absent() -> Any:
    return None


class PairOptions(CompareOptions):
    """Two documents, each as HTML or by its URL."""

    old_url: Url | None = Field(None, description="URL of the HTML as it was; the service must allow its origin")
    new_url: Url | None = Field(None, description="URL of the HTML as it is now; the service must allow its origin")
    old: str = Field(
        default_factory=_absent, validate_default=True, description="the HTML as it was", json_schema_extra=CONTENT
    )
    new: str = Field(
        default_factory=_absent, validate_default=True, description="the HTML as it is now", json_schema_extra=CONTENT
    )

    @field_validator("old", "new", mode="before")
    @classmethod
    def _once(cls, value: object, info: ValidationInfo) -> object:
        url = info.data.get(f"{info.field_name}_url")
        if value is None and not url:
            raise PydanticCustomError("missing", "is required")
        if value is not None and url:
            raise ValueError(f"give {info.field_name} or {info.field_name}_url")
        return "" if value is None else value


class HtmldiffOptions(PairOptions):
    """Two documents, and the options of showing their changes."""

    view: Literal["inline", "side-by-side", "insertions", "deletions"] = Field("inline", description="what is shown")
    markup: Literal["classic", "full"] = Field("classic", description="full: a program can undo the changes")
    wrapper_element: Wrapper = Field("div", description="the element around the answer")
    wrapper_class: str = Field("diff", max_length=200, description="its class; empty: none")
    page: bool = Field(False, description="a complete document with a style sheet, and links from change to change")
    placeholders: bool = Field(False, description="a note where a video, a formula, a field was; always in a page")
    title: str = Field("", max_length=200, description="title of that document")
    format: Literal["html", "json"] | None = Field(
        None, description="the format of the answer; none: by Accept, else html"
    )
    strict: bool = Field(False, description="an error instead of a degraded answer")


class ApplyOptions(PairOptions):
    """Two documents, and the changes between them to make."""

    accept: Chosen = Field(
        [], max_length=MOST_CHOSEN, description="the numbers of the changes to make; without accept and reject: none"
    )
    reject: Chosen = Field(
        [], max_length=MOST_CHOSEN, description="without accept: the changes not to make; all others are made"
    )


class Version(Options):
    """One version of a document."""

    synonyms: ClassVar = {"label": "name title id version", "html": "text content source body data document"}
    label: str = Field(max_length=200, description="name of the version")
    html: str = Field(description="its HTML")


class AnnotateOptions(Options):
    """Versions of a document, oldest first."""

    synonyms: ClassVar = CompareOptions.synonyms | {"versions": "documents revisions history items texts"}
    versions: list[Version] = Field(min_length=1, max_length=MOST_VERSIONS)
    granularity: Granularity = Field("word", description="the largest unit that changes as one")
    sanitize: Literal["safe", "none"] = Field("safe", description="none: scripts and forms stay; only for trusted HTML")
    base_url: BaseUrl = None
    format: Literal["html", "json"] | None = Field(
        None, description="the format of the answer; none: by Accept, else html"
    )
    strict: bool = Field(False, description="an error instead of a degraded answer")


class HtmldiffAttempt(HtmldiffOptions):
    """A call in the sandbox that must end in *seconds*; *because*, if set, is why it is coarser than asked for."""

    seconds: float
    because: str | None = None


class AnnotateAttempt(AnnotateOptions):
    """As HtmldiffAttempt, for versions."""

    seconds: float
    because: str | None = None
