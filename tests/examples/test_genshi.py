"""examples/genshi with the real Genshi."""

import difflib
import importlib.util
from pathlib import Path

import pytest

genshi = pytest.importorskip("genshi.input")
EXAMPLE = Path(__file__).parents[2] / "examples" / "genshi" / "streamdiff.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("streamdiff", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("old", "new", "html"),
    [
        ("Foo <b>bar</b> baz", "Foo <i>bar</i> baz", 'Foo <i class="tagdiff_replaced">bar</i> baz'),
        ("Foo bar baz", "Foo baz", "Foo <del>bar</del> baz"),
        ("Foo baz", "Foo blah baz", "Foo <ins>blah</ins> baz"),
        ("<p>a b</p>", "<p><b>a b</b></p>", '<p><b class="tagdiff_added">a b</b></p>'),
        ("<p>a</p>", "<p>a</p><p>b</p>", '<p>a</p><p class="tagdiff_added"><ins>b</ins></p>'),
        ("<b>a</b> b c", "a<i> b c</i>", 'a<i class="tagdiff_added"> b c</i>'),
    ],
)
@pytest.mark.parametrize("differ", ["ours", "difflib"])
def test_a_genshi_stream_goes_through_the_core(example, old, new, html, differ):
    streams = genshi.HTML(old), genshi.HTML(new)
    if differ == "difflib":
        made = example.diff_streams(
            *streams, diff=lambda a, b: difflib.SequenceMatcher(None, a, b, False).get_opcodes()
        )
    else:
        made = example.diff_streams(*streams)
    assert made.render("html", encoding=None) == html
