"""TIFF: reads the first page and writes it anew, and repairs damaged files. It does not know decoders."""

from .directory import MAGIC
from .page import Page
from .tags import IPTC, PALETTE, XMP

__all__ = ["IPTC", "MAGIC", "PALETTE", "XMP", "Page"]
