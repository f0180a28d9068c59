"""The library's entrance: makes pictures small. Knows nothing of HTTP or the service.

loading.py decodes a picture, pipeline.py takes it through its steps.
"""

from collections.abc import Sequence
from typing import BinaryIO

from .loading import load
from .pipeline import Thumbnail, run
from .spec import Limits, Spec

LIMITS = Limits()

__all__ = ["Limits", "Spec", "Thumbnail", "thumbnail", "thumbnails"]


def thumbnail(image: BinaryIO | bytes, spec: Spec = Spec(), *, limits: Limits = LIMITS) -> Thumbnail:  # noqa: B008
    """Return the picture in *image*, the bytes of a file or the open file, made as *spec* says.

    The size in the file's header is checked against *limits* before anything is decoded. The decoders run in this
    process: if the file comes from a stranger, call this in a process that can be killed.

    Raises NotAnImage, BrokenImage, ImageTooLarge, ImpossibleSize and DoesNotFit (errors.py).
    """
    return thumbnails(image, [spec], limits=limits)[0]


def thumbnails(image: BinaryIO | bytes, specs: Sequence[Spec], *, limits: Limits = LIMITS) -> list[Thumbnail]:
    """Return *image* made as each of *specs* says. It is decoded once. Raises the errors of ``thumbnail``."""
    data = image if isinstance(image, bytes) else image.read()
    loaded = load(data, specs, limits)
    return [run(loaded, spec) for spec in specs]
