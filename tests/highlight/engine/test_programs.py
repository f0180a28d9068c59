"""The engine in programs: with lexers from plug-ins, in many threads, beside Pygments that nobody has changed."""

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pygments
import pytest
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import RegexLexer
from pygments.lexers import CppLexer, HtmlLexer, PythonLexer, RubyLexer

from mergepoint.highlight.engine import highlight
from tests.highlight.examples import example

PLUGIN = """
from pygments.lexer import RegexLexer, bygroups
from pygments.token import Keyword, Name, Text

class CustomLexer(RegexLexer):
    name, aliases, filenames = "Custom", ["custom-by-plugin"], ["*.custom"]
    tokens = {"root": [(r"(let)(\\\\s+)(\\\\w+)", bygroups(Keyword, Text, Name)), (r"\\\\s+", Text), (r"\\\\w", Name)]}

    def get_tokens_unprocessed(self, text, stack=("root",)):
        for index, kind, value in super().get_tokens_unprocessed(text, stack):
            yield index, Name.Builtin if value == "x" else kind, value
"""
PROGRAM = """
import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from mergepoint.highlight import engine, highlight

text = "let x\\\\nlet yz = 1 " * 600
lexer = get_lexer_by_name("custom-by-plugin")
theirs = pygments.highlight(text, lexer, HtmlFormatter())
for _ in range(3):
    assert highlight(text, "custom-by-plugin").text == theirs
assert engine.accelerate(lexer) is not lexer
assert highlight(text, filename="a.custom").language == "custom-by-plugin"
print(theirs.count('"nb"'))
"""


def test_a_lexer_of_a_plug_in_works(tmp_path: pathlib.Path) -> None:
    (tmp_path / "custom_lexer.py").write_text(PLUGIN.replace("\\\\", "\\"))
    (tmp_path / "custom-1.dist-info").mkdir()
    (tmp_path / "custom-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: custom\nVersion: 1\n")
    (tmp_path / "custom-1.dist-info/entry_points.txt").write_text(
        "[pygments.lexers]\ncustom = custom_lexer:CustomLexer\n"
    )
    program = [sys.executable, "-W", "error", "-c", PROGRAM.replace("\\\\", "\\")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("600\n", "")


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns some hundred times as often as they do by default (5 ms)."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.patient
def test_many_threads_share_the_tables(eager_threads: None) -> None:
    kinds = [PythonLexer, CppLexer, HtmlLexer, RubyLexer]
    theirs = {kind: pygments.highlight(example(kind), kind(), HtmlFormatter()) for kind in kinds}
    with ThreadPoolExecutor(8) as pool:
        calls = [(kind, pool.submit(highlight, example(kind), kind(), HtmlFormatter())) for kind in kinds * 20]
    assert all(call.result() == theirs[kind] for kind, call in calls)


def test_pygments_stays_as_it_is() -> None:
    loop, formatter = RegexLexer.get_tokens_unprocessed, dict(vars(HtmlFormatter))
    attributes = dict(vars(PythonLexer))
    highlight(example(PythonLexer), PythonLexer(), HtmlFormatter())
    assert RegexLexer.get_tokens_unprocessed is loop
    assert dict(vars(HtmlFormatter)) == formatter
    assert dict(vars(PythonLexer)).keys() - attributes.keys() <= {"_tokens", "_all_tokens", "_tmpname"}
    lexer = PythonLexer()
    before = dict(vars(lexer))
    highlight("x = 1", lexer, HtmlFormatter())
    assert vars(lexer) == before
    assert type(lexer) is PythonLexer
