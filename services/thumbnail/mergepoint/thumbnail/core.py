"""A picture in, the right small picture out: the library's entrance. Knows nothing of HTTP, nor of the service.

The way of a picture: loading.py decodes it, pipeline.py takes it through its steps.
"""

from collections.abc import Sequence
from typing import BinaryIO

from .loading import load
from .pipeline import Thumbnail, run
from .spec import Limits, Spec

LIMITS = Limits()

__all__ = ["Limits", "Spec", "Thumbnail", "thumbnail", "thumbnails"]


def thumbnail(image: BinaryIO | bytes, spec: Spec = Spec(), *, limits: Limits = LIMITS) -> Thumbnail:  # noqa: B008
    """Return *image*, a whole file, made as *spec* says.

    Raises NotAnImage, BrokenImage, ImageTooLarge, ImpossibleSize and DoesNotFit. The announced size is checked before
    anything is decoded. The decoders run in this process: call this in a process that can be killed if the file comes
    from a stranger.
    """
    return thumbnails(image, [spec], limits=limits)[0]


def thumbnails(image: BinaryIO | bytes, specs: Sequence[Spec], *, limits: Limits = LIMITS) -> list[Thumbnail]:
    """Return *image* made as each of *specs* says; it is decoded once. Raises what thumbnail() raises."""
    data = image if isinstance(image, bytes) else image.read()
    loaded = load(data, specs, limits)
    return [run(loaded, spec) for spec in specs]
