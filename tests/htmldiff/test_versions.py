import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergepoint.htmldiff import HtmldiffError, annotate
from mergepoint.htmldiff.reading import policy
from mergepoint.htmldiff.reading.canonical import canonicalize
from mergepoint.htmldiff.reading.clean import Rules
from tests.fuzzing import fuzz
from tests.htmldiff.checks import text
from tests.htmldiff.documents import documents


def told(*versions, **options):
    labelled = [{"label": f"v{number}", "html": html} for number, html in enumerate(versions, 1)]
    return annotate(labelled, **options)


def test_each_part_names_the_version_it_came_with():
    parts = told("<p>one two</p>", "<p>one two three</p>", "<p>zero one two three</p>").parts
    assert [(part.label, part.text.strip()) for part in parts] == [
        ("v3", "zero"),
        ("v1", "one two"),
        ("v2", "three"),
    ]


def test_what_comes_back_is_new():
    assert [part.label for part in told("<p>a</p>", "<p>b</p>", "<p>a</p>").parts] == ["v3"]


def test_labels_are_escaped():
    html = annotate([{"label": '"><script>', "html": "x"}]).html
    assert html == '<span class="diff_version" data-diff-version="&quot;&gt;&lt;script&gt;">x</span>'


def test_there_is_at_least_one_version():
    with pytest.raises(HtmldiffError) as caught:
        annotate([])
    assert caught.value.field == "versions"


@fuzz(150)
@given(st.lists(documents(), min_size=1, max_size=4))
def test_annotating_loses_nothing(versions):
    annotated = told(*versions)
    last = canonicalize(versions[-1], Rules()).html
    assert text(annotated.html) == text(last)
    assert re.sub(r"</?span[^>]*>", "", annotated.html) == re.sub(r"</?span[^>]*>", "", last)
    assert policy.cleaner().clean(annotated.html) == annotated.html
