"""A script as the view that was asked for: which sides show, and notes where sanitising left a gap."""

from collections.abc import Sequence
from typing import NamedTuple

from ..diff_options import DiffOptions
from ..matching.script import Script
from .placeholders import Placeholder, filled, span
from .render import Look, render


class Writer(NamedTuple):
    """What is written, and how."""

    script: Script
    numbers: Sequence[int]
    moved: frozenset[int]
    gaps: Sequence[Placeholder]
    choice: DiffOptions

    def html(self) -> str:
        choice = self.choice
        both = Look(full=choice.markup == "full", anchors=choice.page)
        old, new = both._replace(new=False), both._replace(old=False)
        anchored: set[int] = set()  # an id is there once
        if choice.view == "side-by-side":
            after = self._one(new, anchored)
            return f'<div class="diff_old">{self._one(old, anchored)}</div><div class="diff_new">{after}</div>'
        return self._one({"deletions": old, "insertions": new}.get(choice.view, both), anchored)

    def _one(self, look: Look, anchored: set[int]) -> str:
        script, numbers = self.script, self.numbers
        if self.gaps:
            script, numbers = filled(script, numbers, *self._spans(look, anchored))
        return render(script, numbers, look, self.moved, anchored)

    def _spans(self, look: Look, anchored: set[int]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Return what stands for gaps, by the place in the old and in the new document: in the new one if it shows."""
        spans: tuple[list[tuple[int, str]], list[tuple[int, str]]] = ([], [])
        for gap in self.gaps:
            in_new = look.new and gap.new is not None
            place = gap.new if in_new else gap.old if look.old else None
            # Of what is ignored only the new side is kept: where something was in the old document is not known then.
            if place is None or (not in_new and self.choice.ignore):
                continue
            anchor = look.anchors and gap.number > 0 and gap.number not in anchored
            anchored.update({gap.number} if anchor else ())
            spans[in_new].append((place, span(gap, full=look.full and look.old and look.new, anchor=anchor)))
        return spans
