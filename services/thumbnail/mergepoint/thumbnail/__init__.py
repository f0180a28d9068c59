"""Makes pictures small. A plain library around Pillow and numpy, without HTTP."""

from .core import Thumbnail, thumbnail, thumbnails
from .errors import BrokenImage, DoesNotFit, ImageTooLarge, ImpossibleSize, NotAnImage
from .info import info
from .spec import Crop, Limits, Position, Spec, Trim, Watermark

__all__ = [
    "BrokenImage",
    "Crop",
    "DoesNotFit",
    "ImageTooLarge",
    "ImpossibleSize",
    "Limits",
    "NotAnImage",
    "Position",
    "Spec",
    "Thumbnail",
    "Trim",
    "Watermark",
    "info",
    "thumbnail",
    "thumbnails",
]
