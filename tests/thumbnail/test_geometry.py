"""Sizes and places are imgproxy's: what it makes of a picture of 200 × 100, and of odd ones."""

from typing import Any

import pytest

from mergepoint.thumbnail import ImpossibleSize
from mergepoint.thumbnail.links.grammar import Grammar
from mergepoint.thumbnail.pixels.geometry import Plan, plan
from mergepoint.thumbnail.pixels.scaling import Box
from mergepoint.thumbnail.spec import Limits, Position, Spec

Size = tuple[int, int]


def planned(options: str, source: Size = (200, 100), most: int = 4096) -> Plan:
    spec = Grammar(limits=Limits()).parse(f"/{options}/plain/x").spec
    return plan((0.0, 0.0, *map(float, source)), spec, nowhere, most=most)


def nowhere(kind: str, room: Box, width: float, height: float) -> tuple[float, float]:
    raise AssertionError(kind)


BOXES = [
    (50, 50), (50, 20), (20, 50), (300, 300), (300, 50), (100, 300), (0, 50), (50, 0), (0, 200), (300, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type", "more", "sizes"),
    [
        ("fit", "", "50×25 40×20 20×10 200×100 100×50 100×50 100×50 50×25 200×100 200×100"),
        ("fit", "/el:1", "50×25 40×20 20×10 300×150 100×50 100×50 100×50 50×25 400×200 300×150"),
        ("fit", "/ex:1", "50×50 50×20 20×50 300×300 300×50 100×300 100×50 50×25 200×200 300×100"),
        ("fit", "/exar:1", "50×50 50×20 20×50 200×200 300×50 100×300 100×50 50×25 200×100 200×100"),
        ("fill", "", "50×50 50×20 20×50 200×100 200×50 100×100 100×50 50×25 200×100 200×100"),
        ("fill", "/el:1", "50×50 50×20 20×50 300×300 300×50 100×300 100×50 50×25 400×200 300×150"),
        ("fill", "/ex:1", "50×50 50×20 20×50 300×300 300×50 100×300 100×50 50×25 200×200 300×100"),
        ("fill", "/exar:1", "50×50 50×20 20×50 200×200 300×50 100×300 100×50 50×25 200×100 200×100"),
        ("fill-down", "", "50×50 50×20 20×50 100×100 200×33 33×100 100×50 50×25 200×100 200×100"),
        ("fill-down", "/el:1", "50×50 50×20 20×50 300×300 300×50 100×300 100×50 50×25 400×200 300×150"),
        ("fill-down", "/ex:1", "50×50 50×20 20×50 300×300 300×50 100×300 100×50 50×25 200×200 300×100"),
        ("force", "", "50×50 50×20 20×50 100×100 200×33 33×100 200×50 50×100 100×100 200×67"),
        ("auto", "", "50×50 50×20 20×10 200×100 200×50 100×50 100×50 50×25 200×100 200×100"),
    ],
)
def test_a_box_and_a_resizing_type_give_imgproxys_size(type: str, more: str, sizes: str) -> None:
    found = [planned(f"rs:{type}:{width}:{height}{more}").canvas for width, height in BOXES]
    assert found == [tuple(map(int, size.split("×"))) for size in sizes.split()]


@pytest.mark.parametrize(
    ("options", "source", "canvas"),
    [
        ("w:25", (200, 100), (25, 13)),  # half a pixel is one
        ("w:75", (200, 100), (75, 38)),
        ("w:9/el:1/dpr:0.5", (167, 92), (4, 2)),  # but not where a float is less by its last bit
        ("h:45/el:1/dpr:0.5", (199, 43), (104, 22)),
        ("rs:fit:230:117/dpr:0.5/exar:1", (117, 90), (114, 58)),
        ("w:1", (1000, 10), (1, 1)),
        ("w:200/dpr:0.4", (100, 100), (80, 80)),
        ("w:50/dpr:2", (200, 100), (100, 50)),
        ("w:150/dpr:2", (200, 100), (200, 100)),  # not enlarged
        ("w:150/dpr:2/el:1", (200, 100), (300, 150)),
        ("w:50/z:2", (200, 100), (100, 50)),
        ("w:50/z:1:2", (200, 100), (50, 50)),
        ("z:0.5:0.25", (200, 100), (100, 25)),
        ("w:50/mh:40", (200, 100), (50, 40)),  # cut to the width that is asked for
        ("w:50/mw:80", (200, 100), (50, 40)),
        ("h:20/mw:80", (200, 100), (80, 20)),
        ("mw:400", (200, 100), (400, 200)),
        ("c:100:50", (200, 100), (100, 50)),
        ("c:100.9:0.5", (200, 100), (100, 50)),
        ("c:0:0.333", (200, 100), (200, 33)),
        ("c:1000:0", (200, 100), (200, 100)),
        ("c:100:100/w:50", (200, 100), (50, 50)),
        ("w:50/pd:10:20", (200, 100), (90, 45)),
        ("w:50/pd:10:20/dpr:2", (200, 100), (180, 90)),
        ("w:150/pd:9/dpr:2", (200, 100), (224, 124)),  # padding grows as much as the picture may
        ("w:50/pd:10:20/z:2", (200, 100), (140, 70)),
        ("w:50/h:50/ex:1/pd:1:2:3:4", (200, 100), (56, 54)),
        ("w:50/h:50/ex:1/exar:1", (200, 100), (50, 50)),
    ],
)
def test_options_together_give_imgproxys_size(options: str, source: Size, canvas: Size) -> None:
    assert planned(options, source).canvas == canvas


@pytest.mark.parametrize(
    ("options", "canvas"),
    [
        ("w:100/mrd:1000", (100, 50)),
        ("mrd:50", (50, 25)),
        ("rs:fit:1000:2000:0:1/mrd:100", (50, 100)),
        ("rs:fit:1000:2000/exar:1/mrd:100", (50, 100)),
        ("rs:fit:100:100/pd:100:200:300:400/mrd:200", (200, 129)),
        ("rs:fill:1000:50/mrd:50", (50, 13)),
        ("rs:fill:1000:1000:1/mrd:100", (100, 100)),
        ("rs:fill:100:100/pd:100:200:300:400/mrd:200", (200, 144)),
        ("rs:fill-down:1000:50/mrd:50", (50, 3)),
        ("rs:fill-down:100:1000/mrd:50", (5, 50)),
        ("rs:fill-down:1000:1000/pd:100:200:300:400/mrd:200", (200, 144)),
    ],
)
def test_what_would_be_larger_than_a_link_allows_is_made_smaller(options: str, canvas: Size) -> None:
    assert planned(options).canvas == canvas


def test_what_would_be_larger_than_anybody_may_have_is_refused() -> None:
    with pytest.raises(ImpossibleSize):
        planned("pd:100", most=299)
    assert planned("pd:100/mrd:299", most=299).canvas[0] <= 299


def test_no_side_is_ever_longer_than_a_link_allows() -> None:
    for most in range(20, 120, 7):
        for padding in range(0, 60, 7):
            made = planned(f"rs:fill:90:70/pd:{padding}:3:{padding + 1}:9/mrd:{most}")
            assert max(made.canvas) <= most


@pytest.mark.parametrize(
    ("gravity", "box"),
    [
        ("ce", (50, 0, 150, 100)),
        ("no", (50, 0, 150, 100)),
        ("we", (0, 0, 100, 100)),
        ("ea", (100, 0, 200, 100)),
        ("we:10:0", (20, 0, 120, 100)),  # pixels of the answer, which is half as large
        ("ea:10:0", (80, 0, 180, 100)),
        ("we:0.1:0", (20, 0, 120, 100)),
        ("ce:-10:0", (30, 0, 130, 100)),
        ("we:1000:0", (100, 0, 200, 100)),
        ("fp:0.25:0.5", (0, 0, 100, 100)),
        ("fp:0.4:0.5", (30, 0, 130, 100)),
    ],
)
def test_offsets_are_of_the_picture_as_it_is_shown(gravity: str, box: Box) -> None:
    assert planned(f"rs:fill:50:50/g:{gravity}").box == box


def test_offsets_grow_with_the_density_of_the_screen_but_not_those_of_a_crop() -> None:
    assert planned("rs:fill:25:25/g:we:10:0/dpr:2").box == (40, 0, 140, 100)
    assert planned("c:50:50:nowe:10:20/w:20/dpr:2").box == (10, 20, 60, 70)


def test_a_crop_without_a_place_of_its_own_is_where_the_picture_is() -> None:
    assert planned("c:50:50/g:soea").box == (150, 50, 200, 100)
    assert planned("g:soea/c:50:50:nowe").box == (0, 0, 50, 50)


def test_a_cut_is_made_between_pixels() -> None:
    assert planned("c:99:100").box in ((50, 0, 149, 100), (51, 0, 150, 100))
    made = planned("rs:fill:100:100", (201, 100))
    assert made.box in ((50, 0, 150, 100), (51, 0, 151, 100))


def test_a_picture_stands_on_its_canvas_where_it_is_put() -> None:
    def put(options: str) -> tuple[Size, int, int]:
        made = planned(f"rs:fit:100:100/{options}")
        return made.canvas, made.left, made.top

    assert put("ex:1") == ((100, 100), 0, 25)
    assert put("ex:1:so:0:10") == ((100, 100), 0, 40)
    assert put("ex:1:fp:0.5:0.1") == ((100, 100), 0, 0)
    assert put("ex:1:no/pd:1:2:3:4") == ((106, 104), 4, 1)


def test_ours_pads_and_covers_as_imgproxy_extends_and_fills_down() -> None:
    def ours(**wanted: Any) -> Plan:
        return plan((0.0, 0.0, 200.0, 100.0), Spec(**wanted), nowhere, most=4096)

    assert ours(width=300, height=300, fit="cover") == planned("rs:fill-down:300:300")
    assert ours(width=90, height=90, fit="pad") == planned("rs:fit:90:90:0:1")
    assert ours(width=90, height=90, fit="pad", position=Position("side", 0.5, 1.0)).top == 45
