"""Measures how often a language is guessed right, beside highlight.js and Pygments, on the same texts.

The texts are in bench/languages: ten and fifty lines of each language, written for this and never trained on, and some
texts in no language.
"""

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping

from peers import HIGHLIGHT_JS, Absent, install, need
from report import Row
from suite import HERE, folder

from mergepoint.highlight import guess, names

FOLDER = HERE / "languages"
SIZES = ("10", "50")
LEAST = {"10": 33, "50": 37}
MOST_MILLISECONDS = 5
# highlight.js has one language where Pygments has several; either is right.
ONE_TO_HIGHLIGHT_JS = {"html": "xml", "jsx": "javascript", "toml": "ini"}
Guesser = Callable[[str], str]


def rows() -> list[Row]:
    texts = {size: dict(languages(size)) for size in SIZES}
    found = [_row(size, texts[size]) for size in SIZES]
    plain = list(no_language())
    wrong = [word for text in plain if (word := ours(text)) != "text"]
    found.append(Row("guessing, prose, logs, tables and noise are text", _share(len(plain) - len(wrong), len(plain)),
                     "all", not wrong, ", ".join(wrong)))  # fmt: skip
    taken = min(_seconds(texts["50"]["python"] * 4) for _ in range(20)) * 1000
    limit = MOST_MILLISECONDS
    return [
        *found,
        Row("guessing, 4 KB", f"{taken:.1f} ms", f"≤ {limit} ms", taken <= limit, "processor time"),
        nearest(),
    ]


def nearest() -> Row:
    """Measure the time to find the nearest language for an unknown name: the slowest of some odd names."""
    odd = ["x" * 200, "python" * 33, "a b c d e f g h i j k l m n o p q r s t u v", "kotln"]
    names.nearest("x")
    taken = max(min(_processor(lambda name=name: names.nearest(name)) for _ in range(9)) for name in odd) * 1000
    return Row("the nearest name of a language", f"{taken:.2f} ms", "≤ 1 ms", taken <= 1, "processor time")


def languages(size: str) -> Iterator[tuple[str, str]]:
    """Yield each language and its text of *size* lines."""
    for path in sorted(FOLDER.glob("*.txt")):
        if path.stem != "text":
            yield path.stem, path.read_text().split("=====\n")[SIZES.index(size)].strip("\n")


def no_language() -> Iterator[str]:
    yield from (FOLDER / "text.txt").read_text().split("=====\n")
    noise = random.Random(12)
    for size in (40, 400, 4000):
        yield noise.randbytes(size).decode("latin-1")
        yield noise.randbytes(size).decode(errors="replace")


def ours(text: str) -> str:
    return str(guess(text, limit=1)[0]["language"])


def pygments(text: str) -> str:
    found = guess(text, limit=1, guess="pygments")
    return str(found[0]["language"]) if found else "text"


def highlight_js(texts: Mapping[str, str]) -> dict[str, str]:
    """Return highlight.js's guess for each of *texts*, by their languages."""
    need("node", "npm")
    with folder() as path:
        install(path, HIGHLIGHT_JS)
        shutil.copy(HERE / "peers/guess.js", path)
        command = ["node", str(path / "guess.js")]
        said = subprocess.run(command, input=json.dumps(texts), check=True, capture_output=True, text=True, timeout=120)
    return dict(json.loads(said.stdout))


def _row(size: str, texts: Mapping[str, str]) -> Row:
    mine = {language: ours(text) for language, text in texts.items()}
    wrong = [f"{language} as {word}" for language, word in mine.items() if language != word]
    right = len(texts) - len(wrong)
    others = [f"Pygments {sum(pygments(text) == language for language, text in texts.items())}"]
    try:
        taken = highlight_js(texts)
        others.append(f"highlight.js {sum(_same(language, word) for language, word in taken.items())}")
    except Absent as reason:
        others.append(f"highlight.js skipped: {reason}")
    source = "; ".join([*others, f"ours wrong: {', '.join(wrong) or 'none'}"])
    least = LEAST[size]
    return Row(f"guessing, {size} lines", _share(right, len(texts)), f"≥ {least}", right >= least, source)


def _same(language: str, word: str) -> bool:
    return names.find(word) in (names.find(language), names.find(ONE_TO_HIGHLIGHT_JS.get(language, language)))


def _share(right: int, of: int) -> str:
    return f"{right} of {of}"


def _seconds(text: str) -> float:
    return _processor(lambda: ours(text[:4096]))


def _processor(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    for row in rows():
        print(" | ".join(row.cells()))
