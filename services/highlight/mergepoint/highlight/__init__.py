"""Source code in, highlighted code out. A plain library around Pygments; it knows nothing of HTTP."""

from .core import Highlighted, guess, highlight
from .drawing import OutputTooLarge
from .formats import FORMATS, Layout
from .lexers import UnknownLanguage, languages
from .stylesheets import UnknownStyle, styles, stylesheet

__all__ = [
    "FORMATS",
    "Highlighted",
    "Layout",
    "OutputTooLarge",
    "UnknownLanguage",
    "UnknownStyle",
    "guess",
    "highlight",
    "languages",
    "styles",
    "stylesheet",
]
