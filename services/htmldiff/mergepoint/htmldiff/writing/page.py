"""A complete page around a diff: a style sheet, and links from one change to the next. It needs no JavaScript."""

import re
from collections.abc import Collection, Mapping, Sequence

from ..reading.markup import escape
from .changes import Change

# Ids that render.py wrote. Text has no unescaped "<", and ids of the input do not begin so (markup.OUR_ID).
ANCHOR = re.compile(r'<[^>]* id="diff-([0-9]+)"')
MOST_STEPS = 2_000  # each is a line of the style sheet
MOST_LEFT_OUT, MOST_CHARACTERS = 200, 200  # listed changes of removed things, and characters of each
PAGE = """\
<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
{nav}{body}
</body>
</html>
"""
# Deleted and inserted content has a background; changed tags have an outline, since their content may have stayed.
CSS = """\
:root { color-scheme: light dark; }
body { margin: 1rem; font-family: system-ui, sans-serif; line-height: 1.5; }
ins { background: light-dark(#d4f8d4, #10401a); text-decoration: none; }
del { background: light-dark(#fdd9d7, #56201d); text-decoration: line-through; }
.tagdiff_added { outline: 2px dotted light-dark(#2da44e, #3fb950); }
.tagdiff_deleted { outline: 2px dotted light-dark(#cf222e, #f85149); }
.tagdiff_replaced { outline: 2px dotted light-dark(#bf8700, #d29922); }
.tagdiff_moved { outline: 2px solid light-dark(#0969da, #4493f8); }
.tagdiff_moved :is(ins, del) { background: light-dark(#dbe9ff, #1c3358); text-decoration: none; }
.tagdiff_link::before { content: "\\2195"; }
.diff_placeholder { padding: 0 .2em; border: 1px dashed; border-radius: .2em; font-style: italic; }
.diff_placeholder:not(:target) { outline: none; }
.diff_placeholder.tagdiff_added { background: light-dark(#d4f8d4, #10401a); }
.diff_placeholder.tagdiff_deleted { background: light-dark(#fdd9d7, #56201d); }
.diff_placeholder.tagdiff_replaced { background: light-dark(#fff1c2, #4a3b00); }
.diff_left_out { margin-top: 2rem; border-top: 1px solid; font-size: .9em; overflow-wrap: anywhere; }
.diff_left_out :is(ins, del) { font-family: ui-monospace, monospace; }
ins img { outline: 3px solid #2da44e; }
del img { outline: 3px solid #cf222e; opacity: .6; }
:has(> .diff_old) { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
:target { outline: 3px solid #bf8700; scroll-margin: 4rem; }
.diff_steps { position: sticky; top: 0; padding: .25rem; background: Canvas; border-bottom: 1px solid; }
.diff_steps p { display: none; margin: 0; }
body:not(:has(:target)) .diff_steps p:first-child { display: block; }
"""


def page(html: str, title: str, left_out: Sequence[Change] = (), unchanged: Mapping[str, int] | None = None) -> str:
    """Return a document that shows *html*, in which each change that shows has the id ``diff-<number>``.

    Below it stand the removed things that changed, *left_out*, and the number of those that did not, by name.
    """
    shown = [int(number) for number in ANCHOR.findall(html)][:MOST_STEPS]
    css = CSS + "".join(f"body:has(#diff-{number}:target) #step-{number} {{ display: block; }}\n" for number in shown)
    body = html + _left_out(left_out, unchanged or {}, set(shown))
    return PAGE.format(title=escape(title or "What changed"), css=css, nav=_steps(shown), body=body)


def _left_out(left_out: Sequence[Change], unchanged: Mapping[str, int], shown: Collection[int]) -> str:
    if not left_out and not unchanged:
        return ""
    items = [_item(change, shown) for change in left_out[:MOST_LEFT_OUT]]
    if more := len(left_out) - len(items):
        items.append(f"<li>{more:,} more changes</li>")
    if unchanged:
        elements = ", ".join(f"{escape(name)} ({times:,})" for name, times in sorted(unchanged.items()))
        items.append(f"<li>unchanged: {elements}</li>")
    return f'\n<aside class="diff_left_out"><p>Left out, since it could be active:</p><ul>{"".join(items)}</ul></aside>'


def _item(change: Change, shown: Collection[int]) -> str:
    status = "changed" if change.old and change.new else "added" if change.new else "removed"
    link = f'<a href="#diff-{change.id}">{status}</a>' if change.id in shown else status
    sides = (("del", change.old), ("ins", change.new))
    return f"<li>{link}: " + " ".join(f"<{mark}>{_shorten(text)}</{mark}>" for mark, text in sides if text) + "</li>"


def _shorten(html: str) -> str:
    return escape(html if len(html) <= MOST_CHARACTERS else f"{html[:MOST_CHARACTERS]} …")


def _steps(shown: Sequence[int]) -> str:
    if not shown:
        return '<nav class="diff_steps"><p>no visible changes</p></nav>\n'
    changes = "1 change" if len(shown) == 1 else f"{len(shown)} changes"
    steps = [f'<p>{changes} <a href="#diff-{shown[0]}">first</a></p>']
    for place, number in enumerate(shown):
        before, after = shown[place - 1], shown[(place + 1) % len(shown)]
        steps.append(
            f'<p id="step-{number}"><a href="#diff-{before}" rel="prev">previous</a> {place + 1} of {len(shown)} '
            f'<a href="#diff-{after}" rel="next">next</a></p>'
        )
    return f'<nav class="diff_steps">{"".join(steps)}</nav>\n'
