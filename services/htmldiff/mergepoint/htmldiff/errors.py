"""Why HTML or an option is refused. Each error has a stable ``code`` that callers can tell apart; no HTTP status."""


class HtmldiffError(ValueError):
    """This HTML cannot be compared; *field* is old or new."""

    code = "unprocessable"

    def __init__(self, message: str, *, field: str = "", limit: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.limit = limit


class TooLarge(HtmldiffError):
    """More bytes than MOST_BYTES."""

    code = "body_too_large"


class TooDeep(HtmldiffError):
    """Elements nest deeper than MOST_NESTING."""

    code = "too_deep"


class TooManyAttributes(HtmldiffError):
    """A tag has more attributes than MOST_ATTRIBUTES."""

    code = "too_many_attributes"


class TooComplex(HtmldiffError):
    """A parser would make too much of it, or never the same twice."""

    code = "too_complex"


class BadText(HtmldiffError):
    """Not text that can be encoded."""

    code = "invalid_encoding"


class BadOption(HtmldiffError):
    """An option has a value it cannot have."""

    code = "invalid_option"
