"""Tables whose columns change: one table still, its cells compared as its columns are."""

from itertools import product

import pytest

from mergepoint.htmldiff import accept_changes, apply, compare
from tests.htmldiff.checks import parts_are_in_place, reparsed

GROUPS = [
    "",
    "<colgroup><col><col></colgroup>",
    "<colgroup><col><col><col></colgroup>",
    '<colgroup><col width="9"><col></colgroup>',
    '<colgroup><col style="width:9%"><col></colgroup>',
    '<colgroup span="2"></colgroup>',
    '<colgroup hidden=""><col></colgroup>',
    "<colgroup><col></colgroup>\n<colgroup><col></colgroup>",
]
BEFORE = ["", "<caption>c</caption>", "\n  "]
TWO = [["name", "size"], ["a", "1"], ["b", "1"]]
THREE = [["name", "new", "size"], ["a", "1", "1"], ["b", "1", "1"]]


def table(rows: list[list[str]], groups: str = "", before: str = "", attributes: str = "") -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table{attributes}>{before}{groups}<tbody>{body}</tbody></table>"


def check_round_trip(old: str, new: str) -> None:
    full = compare(old, new, markup="full")
    assert full.degraded is None
    for accepts, html in ((False, old), (True, new)):
        assert accept_changes(full.content, lambda change, made=accepts: made) == html
    ids = [change.id for change in full.changes]
    assert not ids or (apply(old, new, accept=ids), apply(old, new, reject=ids)) == (new, old)
    for view in ("inline", "side-by-side", "insertions", "deletions"):
        html = compare(old, new, view=view).content
        assert html == reparsed(html)
        assert parts_are_in_place(html)


@pytest.mark.parametrize("groups", GROUPS)
def test_other_columns_are_a_change_of_the_table(groups: str) -> None:
    for other, before in product(GROUPS, BEFORE):
        old, new = table(TWO, groups, before), table(TWO, other, before)
        check_round_trip(old, new)
        result = compare(old, new)
        kinds = [change.kind for change in result.changes if change.kind != "whitespace"]
        assert kinds == (["attributes"] if groups != other else [])
        assert result.content.count("<table") == 1
        assert result.content.replace(' class="tagdiff_replaced"', "") == new


@pytest.mark.parametrize("groups", [("", ""), (GROUPS[1], GROUPS[2]), ("", GROUPS[2])])
def test_a_column_is_added_or_removed_in_every_row(groups: tuple[str, str]) -> None:
    old, new = table(TWO, groups[0]), table(THREE, groups[1])
    for one, other, mark in ((old, new, "added"), (new, old, "deleted")):
        check_round_trip(one, other)
        html = compare(one, other).content
        for row, cell in zip(html.split("<tr>")[1:], ("new", "1", "1"), strict=True):
            cells = row.split("<td")[1:]
            assert [f"tagdiff_{mark}" in each for each in cells] == [False, True, False]
            assert f">{cell}<" in cells[1]


def test_cells_stay_in_their_columns() -> None:
    old, new = table([["1", "2"]]), table([["2", "3"]])
    assert compare(old, new).content == table([["<del>1</del><ins>2</ins>", "<del>2</del><ins>3</ins>"]])
    old, new = table([["x", "y"], ["1", "2"], ["3", "4"]]), table([["x", "y"], ["2", "1"], ["3", "4"]])
    assert compare(old, new).counts == {"replaced": 2}


def test_what_changed_of_the_columns_is_told() -> None:
    change = compare(table(TWO, GROUPS[1]), table(TWO, GROUPS[3], attributes=' class="x"')).changes[0]
    assert (change.path, change.old) == ("/table[1]", f"<table>{GROUPS[1]}")
    assert change.new == f'<table class="x">{GROUPS[3]}'


def test_cells_that_span_are_compared_as_they_stand() -> None:
    old = '<table><tbody><tr><td colspan="2">a</td></tr><tr><td>b</td><td>c</td></tr></tbody></table>'
    check_round_trip(old, old.replace("<td>c</td>", "<td>c</td><td>d</td>").replace('"2"', '"3"'))
