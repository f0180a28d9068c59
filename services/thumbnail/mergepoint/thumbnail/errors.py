"""What can be wrong with a picture, or with what is wanted of it. Each has a ``code``, which faces translate."""

MOST_PARTS = 50_000  # segments, blocks, chunks of a file: more cost more to read than a picture is worth


class TooManyParts(Exception):
    """A file has more than MOST_PARTS; it is not read on."""


class NotAnImage(ValueError):
    """The bytes do not begin like any picture that is taken."""

    code = "unsupported_type"


class BrokenImage(ValueError):
    """It begins like a picture and cannot be read as one."""

    code = "broken_image"


class ImageTooLarge(ValueError):
    """It announces more pixels than are decoded for anybody."""

    code = "image_too_large"


class ImpossibleSize(ValueError):
    """What is wanted is larger than any answer may be, or nothing is left of the picture."""

    code = "impossible_size"

    def __init__(self, message: str, field: str = "width") -> None:
        super().__init__(message)
        self.field = field


class DoesNotFit(ValueError):
    """Not even the lowest quality has so few bytes; *smallest* is the file that it gives."""

    code = "does_not_fit"
    field = "max_bytes"

    def __init__(self, message: str, smallest: bytes) -> None:
        super().__init__(message)
        self.smallest = smallest
