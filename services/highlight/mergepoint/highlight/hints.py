"""Hints at a language: a file's name, a MIME type, a shebang, an editor's mode line. Each may say nothing.

A hint may leave several languages open (``.h`` is C, C++ or Objective-C); they are returned likeliest first.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import translate
from functools import cache

from pygments.lexers import find_lexer_class_for_filename

from . import names
from .names import LexerClass

# Names that files get beside their own, by editors, packages and people.
COPIES = re.compile(
    r"(~|\.(bak|backup|default|dist|example|in|local|old|orig|sample|save|swp|template|tmpl|tpl))$", re.I
)
TURNED = re.compile(r" +$")  # a query written by hand turns the + in ``a.c++`` into spaces
MODE_LINES = 5  # from either end of the text, as in vim
EMACS_LINES = 20  # at the end, where Emacs has its local variables
LINE = 1000  # characters of a line that may hold a shebang
NEAR = 4096  # characters from either end of the text that are looked at for a mode line
VIM = re.compile(r"(?:^|\s)(?:vim?|Vim|ex)[<=>]?\d*:")
FILETYPE = re.compile(r"\b(?:ft|filetype|syn|syntax)=([\w.+-]+)")
EMACS = "-*-"
MODE = re.compile(r"\bmode:\s*([\w+#.-]+)", re.IGNORECASE)
SETTING = re.compile(r"\w+=")
# They run another program.
LAUNCHERS = {"bundle", "env", "exec", "nice", "pipenv", "poetry", "rlwrap", "stdbuf", "sudo", "time", "xvfb-run"}
VERSION = re.compile(r"[-.\d]+(t|d|m)?$")
SUFFIX = re.compile(r"\+(json|xml|yaml|cbor|zip)$")


def from_filename(filename: str, code: str = "") -> list[LexerClass]:
    """Return the languages of files with such a name; *code* helps where Pygments knows several and nobody else any."""
    last = re.split(r"[/\\]", filename)[-1]
    if last.endswith(" ") and (found := _by_filename(TURNED.sub(lambda spaces: "+" * len(spaces[0]), last), code)):
        return found
    name = last.strip()
    while name:
        found = _by_filename(name, code)
        if found or not COPIES.search(name):
            return found
        name = COPIES.sub("", name)
    return []


def from_mimetype(mimetype: str) -> list[LexerClass]:
    """Return the languages of a MIME type; parameters and case do not matter."""
    kind = mimetype.partition(";")[0].strip().lower().replace(" ", "+")
    if found := _by_mimetype().get(kind):
        return found
    if suffix := SUFFIX.search(kind):  # RFC 6839
        return names.find_all([suffix[1]])
    return names.find_all([kind.partition("/")[2].removeprefix("x-")]) if kind.startswith(_WORDY) else []


def from_shebang(code: str) -> list[LexerClass]:
    """Return the languages that the program in the first line runs."""
    first = code[:LINE].removeprefix("\ufeff").partition("\n")[0]
    if not first.startswith("#!"):
        return []
    interpreter = _interpreter(first[2:].split())
    for form in (interpreter, VERSION.sub("", interpreter)):
        if found := names.find_all(names.load().interpreters.get(form, [form])):
            return found
    return []


def from_mode_line(code: str) -> list[LexerClass]:
    """Return the language that a line for vim or Emacs names, near the beginning or the end of the text."""
    first, last = code[:NEAR].split("\n"), code[-NEAR:].split("\n")
    for line in first[:2]:
        _, mark, after = line.partition(EMACS)
        inside, end, _ = after.partition(EMACS)
        if mark and end:
            mode = MODE.search(inside)
            return _of_mode(mode[1] if mode else inside.strip())
    for line in first[:MODE_LINES] + last[-MODE_LINES:]:
        start = VIM.search(line)
        if start and (found := FILETYPE.search(line, start.end())):
            return _of_mode(found[1])
    if any("local variables:" in line.lower() for line in last[-EMACS_LINES:]):
        return next((_of_mode(found[1]) for line in last[-EMACS_LINES:] if (found := MODE.search(line))), [])
    return []


_WORDY = ("text/x-", "application/x-", "text/", "application/")


def _of_mode(mode: str) -> list[LexerClass]:
    return names.find_all([mode.lower().removesuffix("-mode").removesuffix("-ts")])


def _interpreter(words: list[str]) -> str:
    """Return the name of the program that is run: of ``/usr/bin/env -S VAR=1 uv run x`` it is uv."""
    programs = [word for word in words if not word.startswith("-") and not SETTING.match(word)]
    called = [re.split(r"[/\\]", program)[-1].lower().removesuffix(".exe") for program in programs]
    return next((name for name in called if name not in LAUNCHERS), "")


def _by_filename(name: str, code: str) -> list[LexerClass]:
    known = names.load()
    lower = name.lower()
    exact = _patterns().get(lower, [])
    if found := [*exact, *names.find_all(known.filenames.get(lower, []))]:
        return _unique(found)
    if wild := [lexer for pattern, lexer in _wild() if pattern.match(name)]:
        return _unique(wild)
    for suffix in _suffixes(lower):
        own, others = _patterns().get(f"*{suffix}", []), names.find_all(known.extensions.get(suffix, []))
        if len(own) > 1 and not others:
            return _unique([find_lexer_class_for_filename(name, code) or own[0], *own])
        if own or others:
            return _unique([*own, *others] if len(own) == 1 else [*others, *own])
    return _unique(_by_beginning(lower) or names.find_all(lower.rpartition(".")[2:]))


def _by_beginning(name: str) -> list[LexerClass]:
    """``Dockerfile.dev`` and ``.env.production`` are what they begin with."""
    at = name.find(".", 1)
    if at < 0:
        return []
    return _patterns().get(name[:at]) or names.find_all(names.load().filenames.get(name[:at], []))


def _suffixes(name: str) -> Iterator[str]:
    """Yield ``.html.erb``, then ``.erb``."""
    at = name.find(".")
    while at >= 0:
        yield name[at:]
        at = name.find(".", at + 1)


def _unique(lexers: list[LexerClass]) -> list[LexerClass]:
    return list(dict.fromkeys(lexers))


@cache
def _patterns() -> dict[str, list[LexerClass]]:
    """Pygments' names and ``*.x`` of files, lower case."""
    index: dict[str, list[LexerClass]] = defaultdict(list)
    for lexer in sorted(names.classes(), key=lambda lexer: -lexer.priority):
        for pattern in lexer.filenames:
            if not _is_wild(pattern) and lexer not in index[pattern.lower()]:
                index[pattern.lower()].append(lexer)
    return dict(index)


@cache
def _wild() -> list[tuple[re.Pattern[str], LexerClass]]:
    """Pygments' few other patterns."""
    return [
        (re.compile(translate(pattern), re.IGNORECASE), lexer)
        for lexer in names.classes()
        for pattern in lexer.filenames
        if _is_wild(pattern)
    ]


def _is_wild(pattern: str) -> bool:
    return any(sign in pattern.removeprefix("*.") for sign in "*?[")


@cache
def _by_mimetype() -> dict[str, list[LexerClass]]:
    index: dict[str, list[LexerClass]] = {}
    for lexer in names.classes():
        for mimetype in lexer.mimetypes:
            index.setdefault(mimetype.lower(), [lexer])
    return index
