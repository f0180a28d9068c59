"""TIFF: its first page read and written anew, and the repair of a damaged one. It does not know decoders."""

from .directory import MAGIC
from .page import Page
from .tags import IPTC, PALETTE, XMP

__all__ = ["IPTC", "MAGIC", "PALETTE", "XMP", "Page"]
