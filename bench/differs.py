"""Other programs that show the changes between two HTML documents, each as a function that measures it."""

import difflib
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from peers import Absent, install, need, say
from suite import ROOT

Milliseconds = Callable[[str, str], float]
NODE_PACKAGES = ("node-htmldiff", "htmldiff-js")
# The largest documents, in characters; above these sizes a program takes minutes.
MOST = {"lxml": 400_000, "Genshi + difflib": 120_000, "node-htmldiff": 120_000, "htmldiff-js": 120_000}
NODE = """
const [, peer, oldFile, newFile, rounds] = process.argv, fs = require("fs"), loaded = require(peer);
const diff = loaded.default?.execute?.bind(loaded.default) ?? loaded.default ?? loaded;
const [before, after] = [oldFile, newFile].map((name) => fs.readFileSync(name, "utf8"));
let best = Infinity;
for (let n = 0; n < rounds; n++) {
  const began = process.cpuUsage();
  diff(before, after);
  const used = process.cpuUsage(began);
  best = Math.min(best, (used.user + used.system) / 1e3);
}
console.log(best);
"""


def milliseconds(call: Callable[[], object], rounds: int = 1) -> float:
    """Return the shortest of *rounds* calls, in milliseconds of this process's processor time."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times) * 1000


def lxml() -> Milliseconds:
    from lxml.html.diff import htmldiff

    return lambda old, new: milliseconds(lambda: htmldiff(old, new))


def original() -> Milliseconds:
    """Return the original algorithm: events of Genshi through difflib."""
    from genshi.input import HTML

    specification = importlib.util.spec_from_file_location("streamdiff", ROOT / "examples/genshi/streamdiff.py")
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)

    def opcodes(old: list, new: list) -> list:
        return difflib.SequenceMatcher(None, old, new).get_opcodes()

    def run(old: str, new: str) -> str:
        return example.diff_streams(HTML(old), HTML(new), diff=opcodes).render("html", encoding=None)

    return lambda old, new: milliseconds(lambda: run(old, new))


def in_node(folder: Path, name: str) -> Milliseconds:
    """Return a function that measures the npm package *name*, without its first calls, while Node compiles."""
    need("node", "npm")
    install(folder, name)

    def measure(old: str, new: str) -> float:
        files = [folder / "old.html", folder / "new.html"]
        for file, html in zip(files, (old, new), strict=True):
            file.write_text(html)
        return json.loads(say("node", "-e", NODE, name, *map(str, files), "3", folder=folder))

    return measure


def differs(folder: Path) -> Iterator[tuple[str, Milliseconds | str]]:
    """Yield the name of each program, with its function, or the reason why it cannot run here."""
    ways = {"lxml": lxml, "Genshi + difflib": original}
    ways |= {name: lambda name=name: in_node(folder, name) for name in NODE_PACKAGES}
    for name, make in ways.items():
        try:
            found = make()
        except (Absent, ImportError) as reason:
            found = str(reason)
        yield name, found
