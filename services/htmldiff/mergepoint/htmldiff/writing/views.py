"""A script as the view that was asked for: which sides show, and notes where sanitising left a gap."""

from collections.abc import Sequence
from typing import NamedTuple

from ..diff_options import DiffOptions
from ..matching.script import Script
from .placeholders import Placeholder, insert_spans, span
from .render import RenderOptions, render


class ViewWriter(NamedTuple):
    """What is written, and how."""

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    gaps: Sequence[Placeholder]
    options: DiffOptions

    def html(self) -> str:
        options = self.options
        both = RenderOptions(full=options.markup == "full", anchors=options.page)
        old, new = both._replace(show_new=False), both._replace(show_old=False)
        anchored: set[int] = set()  # an id is there once
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
        """Return what stands for gaps, by the place in the old and in the new document: in the new one if it shows."""
        spans: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
        for gap in self.gaps:
            in_new = render_options.show_new and gap.new is not None
            place = gap.new if in_new else gap.old if render_options.show_old else None
            # Of what is ignored only the new side is kept: where something was in the old document is not known then.
            if place is None or (not in_new and self.options.ignore):
                continue
            anchor = render_options.anchors and gap.number > 0 and gap.number not in anchored
            anchored.update({gap.number} if anchor else ())
            spans[in_new].append((place, span(gap, full=render_options.inline_full, anchor=anchor)))
        return spans
