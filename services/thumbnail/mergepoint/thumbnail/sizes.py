"""The headers with the sizes of the source and of the answer, in pixels. The names are imgproxy's."""

HEADERS = ("X-Origin-Width", "X-Origin-Height", "X-Result-Width", "X-Result-Height")


def size_headers(origin_width: int, origin_height: int, width: int, height: int) -> dict[str, str]:
    """Return HEADERS with these sizes."""
    return dict(zip(HEADERS, map(str, (origin_width, origin_height, width, height)), strict=True))
