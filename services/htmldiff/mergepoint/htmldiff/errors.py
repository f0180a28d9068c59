"""The errors of the library. Each has a stable ``code`` by which callers tell them apart; none knows an HTTP status."""


class HtmldiffError(ValueError):
    """The input is refused. *field* names the argument; *limit* is the limit that it exceeds, if there is one."""

    code = "unprocessable"

    def __init__(self, message: str, *, field: str = "", limit: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.limit = limit


class TooLarge(HtmldiffError):
    """A document has more than limits.MOST_BYTES bytes in UTF-8."""

    code = "body_too_large"


class TooDeep(HtmldiffError):
    """Elements nest deeper than limits.MOST_NESTING."""

    code = "too_deep"


class TooManyAttributes(HtmldiffError):
    """A tag has more than limits.MOST_ATTRIBUTES attributes."""

    code = "too_many_attributes"


class TooComplex(HtmldiffError):
    """A parser would need too much time or memory, or would read its own output differently."""

    code = "too_complex"


class BadText(HtmldiffError):
    """The text cannot be encoded in UTF-8."""

    code = "invalid_encoding"


class BadOption(HtmldiffError):
    """An option is unknown, or has a value that is not allowed."""

    code = "invalid_option"
