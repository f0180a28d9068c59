"""Write a script in one of the views: inline, side by side, insertions or deletions, with notes for gaps."""

from collections.abc import Sequence
from typing import NamedTuple

from ..diff_options import DiffOptions
from ..matching.script import Script
from .placeholders import Placeholder, insert_spans, span
from .render import RenderOptions, render


class ViewWriter(NamedTuple):
    """Writes *script* in the view and the markup that *options* name."""

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    gaps: Sequence[Placeholder]
    options: DiffOptions

    def html(self) -> str:
        options = self.options
        both = RenderOptions(full=options.markup == "full", anchors=options.page)
        old, new = both._replace(show_new=False), both._replace(show_old=False)
        anchored: set[int] = set()  # changes whose id is written: an id must be unique
        if options.view == "side-by-side":
            after = self._one(new, anchored)
            return f'<div class="diff_old">{self._one(old, anchored)}</div><div class="diff_new">{after}</div>'
        return self._one({"deletions": old, "insertions": new}.get(options.view, both), anchored)

    def _one(self, render_options: RenderOptions, anchored: set[int]) -> str:
        script, numbers = self.script, self.numbers
        if self.gaps:
            script, numbers = insert_spans(script, numbers, *self._spans(render_options, anchored))
        return render(script, numbers, render_options, self.moved, anchored)

    def _spans(
        self, render_options: RenderOptions, anchored: set[int]
    ) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Return the notes for the old and for the new document, with their offsets: in the new one if it shows."""
        spans: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
        for gap in self.gaps:
            in_new = render_options.show_new and gap.new is not None
            place = gap.new if in_new else gap.old if render_options.show_old else None
            # With ignored differences the script has only the new side of them, so old offsets are not known.
            if place is None or (not in_new and self.options.ignore):
                continue
            anchor = render_options.anchors and gap.number > 0 and gap.number not in anchored
            anchored.update({gap.number} if anchor else ())
            spans[in_new].append((place, span(gap, full=render_options.inline_full, anchor=anchor)))
        return spans
