"""The errors of a picture and of a Spec. Each has a ``code``, which the faces translate (the HTTP face to a status)."""

MOST_PARTS = 50_000  # segments, blocks or chunks of a file: reading more would take too long


class TooManyParts(Exception):
    """A file has more than MOST_PARTS parts. Reading stops there."""


class NotAnImage(ValueError):
    """The first bytes belong to no format that is accepted."""

    code = "unsupported_type"


class BrokenImage(ValueError):
    """The file begins like a picture, but cannot be decoded."""

    code = "broken_image"


class ImageTooLarge(ValueError):
    """The file announces more pixels than the limits allow."""

    code = "image_too_large"


class ImpossibleSize(ValueError):
    """The answer would be larger than the limits allow, or would have no pixels. *field* names the option to change."""

    code = "impossible_size"

    def __init__(self, message: str, field: str = "width") -> None:
        super().__init__(message)
        self.field = field


class DoesNotFit(ValueError):
    """The answer exceeds max_bytes even at the lowest quality; *smallest* is the file at that quality."""

    code = "does_not_fit"
    field = "max_bytes"

    def __init__(self, message: str, smallest: bytes) -> None:
        super().__init__(message)
        self.smallest = smallest
