"""Loads decoders and encoders before the sandbox forks its children, so that the first call is as fast as any other."""

import io

from PIL import AvifImagePlugin, Image

from .core import thumbnail
from .files import heic
from .formats import TYPES
from .spec import Limits, Spec


def _sample(format: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(target, format)
    return target.getvalue()


def warm_up(more_formats: tuple[str, ...] = ()) -> None:
    """Decode and encode every format once, *more_formats* included.

    AVIF is limited to one thread for each picture, since the other children need the other processors.
    """
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    heic.available()
    for format in TYPES:
        thumbnail(_sample(format), Spec(width=8, format=format))
    for format in more_formats:
        thumbnail(_sample(format), Spec(width=8), limits=Limits(more_formats=more_formats))


# A picture for the health check: the smallest GIF.
SAMPLE = bytes.fromhex("47494638396101000100800100000000ffffff2c00000000010001000002024401003b")
