"""Split runs into the tokens that are compared: words, characters or sentences, and tags between them.

A token is a word with the white space before it. Differences that ``ignore`` names are removed from its key.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from unicodedata import normalize

from ..diff_options import COARSE
from ..reading.markup import BLOCKS, HOLDS_ATOMS, MARKUP, SPACE, is_end, join_atoms, name_of
from .formatting import tag_meaning
from .segmentation import UNSPACED, Segment, icu_words

_TAGS = MARKUP.pattern[1:-1]
# All but ASCII and Unicode punctuation, symbols and spaces; joiners hold an emoji together, marks belong to letters.
_LETTER = (
    r"[^\x00-\x2f:-@\[-^`{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    r"\u2000-\u200b\u200e-\u203e\u2041-\u2053\u2055-\u206f\u3000-\u3004\u3007-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20]"
)
_ENTITY = r"&[a-z]+;"
_SPACES = f"[{SPACE}]"
_ANY_SPACE = rf"(?:[{SPACE}\u1680\u2000-\u200a\u202f\u205f\u3000]|&nbsp;)"
# Soft hyphens, zero-width characters, directional formatting characters; not the joiners within emoji.
_INVISIBLE = "[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
INVISIBLE = re.compile(rf"(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|(?!\u200d){_INVISIBLE}")
# The limits keep the pattern from backtracking over long text that only begins like one.
_EMAIL = r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
_URL = rf"(?i:https?://|ftp://|mailto:|www\.)(?:&amp;|[^<&{SPACE}])*(?:&amp;|[^<&{SPACE}.,;:!?)\]}}'\"’”»])"
# Numbers with separators, signs and units: 1,234.50; 12:30; 1/2; -5 %; $5; 1 234,50 €; 2024-03-12.
# A plain space groups digits only where more says that they are one number. Units written in letters are words.
_CURRENCY = "[$¢£¤¥֏؋৳฿₠-⃀]"
_GAP = r"(?: |&nbsp;|[\u2009\u202f])"
_UNIT = rf"(?:[%‰′″]|°[CF]?|{_CURRENCY})(?!\d)"
_DIGITS = r"\d+(?:(?:[.,:/'’·٫٬]|&nbsp;(?=\d{3}(?!\d))|[\u2009\u202f](?=\d{3}(?!\d)))\d+)*"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}(?:T\d[\d:.]*\dZ?)?"
_VERSION = r"\d+(?:\.\d+){2,}(?:[-+]\w+(?:[.-]\w+)*)+"
_GROUPED = rf"\d{{1,3}}(?: \d{{3}})+(?:,\d+)?(?:(?<=,\d)|(?<=,\d\d)|(?={_GAP}?{_UNIT}))"


def _letters(letter: str = _LETTER) -> str:
    return f"{letter}+(?:['’.]{letter}+)*"


def _number(letters: str) -> str:
    return (
        rf"(?:(?<!\w)[-+−±])?(?:{_CURRENCY}{_GAP}?)?(?:{_DATE}|[vV]?{_VERSION}|{_GROUPED}|{_DIGITS})"
        rf"(?:{_GAP}?{_UNIT}|[eE][-+]?\d+|{letters})?"
    )


def _word(spaces: str, letters: str) -> str:
    return rf"{spaces}*(?:{_URL}|{_EMAIL}|{_number(letters)}|{letters}|{_ENTITY}|[^<&])"


# A space within a number, with the character before it.
IN_NUMBER = re.compile(rf"([0-9{_CURRENCY[1:]}) (?=[0-9]{{3}}(?![0-9])|{_UNIT}|(?<={_CURRENCY} )[0-9])")
# A letter with its combining marks, its variation selectors and the characters joined to it.
_JOINED = r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31"
_JOINED += r"\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
_JOINED += r"|[\U0001f3fb-\U0001f3ff]|\u200d[^<&]?|[\u1160-\u11ff]"
CHARACTER = rf"(?:{_ENTITY}|[^<&])(?:{_JOINED})*"
SENTENCE = rf"[^<.!?。！？]*(?:[.!?]+(?![^{SPACE}<])|[。！？]+|[.!?])?"


@lru_cache(maxsize=16)
def pattern(granularity: str, *, any_space: bool = False, invisible: bool = False) -> re.Pattern[str]:
    """Return the pattern of a token; with *any_space* and *invisible* such characters belong to the next word."""
    spaces = _ANY_SPACE if any_space else _SPACES
    token = rf"(?=[^<]){SENTENCE}"
    if granularity == "word":
        letters = _letters(f"(?:{_LETTER}|{_INVISIBLE})" if invisible else _LETTER)
        token = _word(rf"(?:{spaces}|{_INVISIBLE})" if invisible else spaces, letters)
    elif granularity == "character":
        token = rf"{_INVISIBLE}*{CHARACTER}{_INVISIBLE}*" if invisible else CHARACTER
    return re.compile(f"{token}|{_TAGS}", re.DOTALL)


MORE_SPACE = re.compile(f"{_ANY_SPACE}+")
AT_BLOCK = re.compile(rf" ?(</?(?:{'|'.join(sorted(BLOCKS))})\b[^>]*>) ?")
COMMENT = re.compile("<!--.*?-->", re.DOTALL)


class Tokenizer:
    """Splits runs into tokens, and gives the keys by which tokens are compared."""

    def __init__(
        self,
        granularity: str = "word",
        ignore: Iterable[str] = (),
        segment: Segment = icu_words,
        *,
        only_tags: bool = False,
    ) -> None:
        self.only_tags = only_tags  # whether the runs have no markup but tags: no comments, no elements of ATOMS
        self.by_word = granularity not in ("character", "sentence")
        self._segment = segment if self.by_word else None
        self.ignore = frozenset(ignore)
        self._find = pattern(
            "word" if granularity in COARSE else granularity,
            any_space="whitespace" in self.ignore,
            invisible="invisible" in self.ignore,
        ).findall

    def tokenize(self, run: str) -> list[str]:
        """Return the tokens of *run*; joined they are *run* again."""
        tokens = self._find(run)
        if self._segment and not run.isascii() and UNSPACED.search(run):
            tokens = self._segment_words(tokens, self._segment)
        return tokens if self.only_tags or not HOLDS_ATOMS.search(run) else join_atoms(tokens)

    def split_spaces(self, tokens: Sequence[str], *, lines: bool = False) -> Sequence[str]:
        """Return *tokens* with the white space before words apart; for *lines*, also split after newlines."""
        if not self.by_word:
            return tokens
        if lines:
            tokens = [part for token in tokens for part in _at_newlines(token)]
        cut: list[str] = []
        for token in tokens:
            word = token.lstrip(SPACE)
            if len(word) < len(token):
                cut.append(token[: len(token) - len(word)])
            if word:
                cut.append(word)
        return cut

    def keys(self, tokens: Sequence[str]) -> Sequence[str]:
        """Return the key of each token of a run; that of a tag is its meaning."""
        keys = [self.key(token) for token in tokens] if self.ignore else tokens
        keys = [_tag_key(key) if key.startswith("<") else key for key in keys]
        if keys and "whitespace" in self.ignore:  # white space at the ends of a run is invisible
            keys[0] = keys[0].lstrip()
            keys[-1] = keys[-1].rstrip()
        return keys

    def is_same(self, old: str, new: str) -> bool:
        """Return whether *old* and *new* differ only in ignored ways; another spelling of a tag is a difference."""
        return old == new or (bool(self.ignore) and self.key(old) == self.key(new))

    def key(self, html: str) -> str:
        """Return the key of a token, a run or a block: its HTML without the ignored differences."""
        if not self.ignore:
            return html
        if "comments" in self.ignore:
            html = COMMENT.sub("", html)
        parts = MARKUP.split(html)
        if "whitespace" in self.ignore:
            parts = MARKUP.split(AT_BLOCK.sub(r"\1", MORE_SPACE.sub(" ", html)))
        if "invisible" in self.ignore and not html.isascii():
            parts[::2] = [normalize("NFC", INVISIBLE.sub("", part)) for part in parts[::2]]
        if "case" in self.ignore:
            parts[::2] = [part.casefold() for part in parts[::2]]
        if "attributes" in self.ignore:
            parts[1::2] = [_without_attributes(part) for part in parts[1::2]]
        return "".join(parts)

    @staticmethod
    def _segment_words(tokens: list[str], segment: Segment) -> list[str]:
        cut: list[str] = []
        for token in tokens:
            if token.startswith("<") or not UNSPACED.search(token):
                cut.append(token)
                continue
            word = token.lstrip(SPACE)
            first, *more = list(segment(word))
            cut += [token[: len(token) - len(word)] + first, *more]
        return cut


def _at_newlines(token: str) -> Sequence[str]:
    if "\n" not in token or token.startswith("<"):
        return (token,)
    *ended, last = token.split("\n")
    return [*(f"{line}\n" for line in ended), *filter(None, (last,))]


def _tag_key(html: str) -> str:
    return tag_meaning(html) if html.find(">") == len(html) - 1 else html


def _without_attributes(tag: str) -> str:
    head, closing, rest = tag.partition(">")
    name = name_of(tag)
    return f"<{'/' if is_end(tag) else ''}{name}{closing}{rest}" if name else head + closing + rest
