"""BMP, decoded here, and ICO, which holds bitmaps without a file header. It does not know other formats' bytes."""

from .header import SIZES, Bitmap, of_icon, read
from .pixels import decode

__all__ = ["SIZES", "Bitmap", "decode", "of_icon", "read"]
