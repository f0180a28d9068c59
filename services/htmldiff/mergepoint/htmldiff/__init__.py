"""What changed between two HTML documents, as HTML, provably. A plain library; it knows nothing of HTTP."""

from .changes import Change
from .core import Comparison, apply, compare, render_html_diff
from .errors import HtmldiffError
from .matching.sequences import Opcode, diff
from .resolve import resolve
from .versions import Annotated, annotate

__all__ = [
    "Annotated",
    "Change",
    "Comparison",
    "HtmldiffError",
    "Opcode",
    "annotate",
    "apply",
    "compare",
    "diff",
    "render_html_diff",
    "resolve",
]
