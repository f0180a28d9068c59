"""Compare two HTML documents and show the changes as HTML. A plain library; it knows nothing of HTTP."""

from .annotation import Annotated, annotate
from .core import Comparison, apply, compare, render_html_diff
from .errors import HtmldiffError
from .matching.sequences import Opcode, diff
from .writing.accept import accept_changes
from .writing.changes import Change

resolve = accept_changes  # the former name, for programs that use it

__all__ = [
    "Annotated",
    "Change",
    "Comparison",
    "HtmldiffError",
    "Opcode",
    "accept_changes",
    "annotate",
    "apply",
    "compare",
    "diff",
    "render_html_diff",
    "resolve",
]
