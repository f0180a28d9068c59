"""A run into the tokens that are compared: words, characters or sentences, tags between them.

A token is a word with the white space before it. What ``ignore`` names is taken from a token before it is compared.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from .markup import BLOCKS, HOLDS_ATOMS, MARKUP, SPACE, is_end, join_atoms, name_of

GRANULARITIES = ("character", "word", "sentence", "block", "document")
# Each takes less work than those before it; in it as in these, whatever differs at all is deleted and added.
COARSE = ("block", "document")
IGNORABLE = ("whitespace", "attributes", "case", "comments")

Segment = Callable[[str], Iterable[str]]

_TAGS = MARKUP.pattern[1:-1]
# All but ASCII and Unicode punctuation, symbols and spaces; joiners hold an emoji together, marks belong to letters.
_LETTER = (
    r"[^\x00-\x2f:-@\[-^`{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    r"\u2000-\u200b\u200e-\u203e\u2041-\u2053\u2055-\u206f\u3000-\u3004\u3007-\u3020\u30fb\uff01-\uff0f\uff1a-\uff20]"
)
_ENTITY = r"&[a-z]+;"
_SPACES = f"[{SPACE}]"
WORD = rf"{_SPACES}*(?:{_LETTER}+(?:['’.]{_LETTER}+)*|{_ENTITY}|[^<&])"
# A letter with its marks, variation selectors and what is joined to it.
_JOINED = r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31"
_JOINED += r"\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
_JOINED += r"|[\U0001f3fb-\U0001f3ff]|\u200d[^<&]?"
CHARACTER = rf"(?:{_ENTITY}|[^<&])(?:{_JOINED})*"
SENTENCE = rf"[^<.!?。！？]*(?:[.!?]+(?![^{SPACE}<])|[。！？]+|[.!?])?"
PATTERNS = {
    "word": re.compile(f"{WORD}|{_TAGS}", re.DOTALL),
    "character": re.compile(f"{CHARACTER}|{_TAGS}", re.DOTALL),
    "sentence": re.compile(rf"(?=[^<]){SENTENCE}|{_TAGS}", re.DOTALL),
}
# Scripts that write words without spaces between them: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNSPACED = re.compile(rf"[{_UNSPACED}\U00020000-\U0003ffff]")
MORE_SPACE = re.compile(f"{_SPACES}+")
AT_BLOCK = re.compile(rf" ?(</?(?:{'|'.join(sorted(BLOCKS))})\b[^>]*>) ?")
COMMENT = re.compile("<!--.*?-->", re.DOTALL)


def icu_words(text: str) -> Iterable[str]:
    """Return *text* cut into words by ICU, which has dictionaries for what is written without spaces."""
    from icu4py.breakers import WordBreaker  # 30 MB of dictionaries: only for who needs them

    return WordBreaker(text, "root")


class Tokens:
    """Cuts runs into tokens, always the same way, and says what is compared of them."""

    def __init__(
        self,
        granularity: str = "word",
        ignore: Iterable[str] = (),
        segment: Segment = icu_words,
        *,
        only_tags: bool = False,
    ) -> None:
        self.only_tags = only_tags  # no markup but tags: no comments, nothing that changes as one
        self._find = PATTERNS["word" if granularity in COARSE else granularity].findall
        self.by_word = granularity not in ("character", "sentence")
        self._segment = segment if self.by_word else None
        self.ignore = frozenset(ignore)

    def cut(self, run: str) -> list[str]:
        """Return the tokens of *run*; joined they are *run* again."""
        tokens = self._find(run)
        if self._segment and not run.isascii() and UNSPACED.search(run):
            tokens = self._segmented(tokens, self._segment)
        return tokens if self.only_tags or not HOLDS_ATOMS.search(run) else join_atoms(tokens)

    def finer(self, tokens: Sequence[str]) -> Sequence[str]:
        """Return *tokens* with the white space before words as tokens of their own."""
        if not self.by_word:
            return tokens
        cut: list[str] = []
        for token in tokens:
            word = token.lstrip(SPACE)
            if len(word) < len(token):
                cut.append(token[: len(token) - len(word)])
            if word:
                cut.append(word)
        return cut

    def compared(self, tokens: Sequence[str]) -> Sequence[str]:
        """Return what of each token of a run is compared."""
        if not self.ignore:
            return tokens
        keys = [self.key(token) for token in tokens]
        if keys and "whitespace" in self.ignore:  # at its ends a run shows none
            keys[0] = keys[0].lstrip()
            keys[-1] = keys[-1].rstrip()
        return keys

    def key(self, html: str) -> str:
        """Return what of a token, a run or a block is compared; of white space, whether there is some."""
        if not self.ignore:
            return html
        if "comments" in self.ignore:
            html = COMMENT.sub("", html)
        parts = MARKUP.split(html)
        if "whitespace" in self.ignore:
            parts = MARKUP.split(AT_BLOCK.sub(r"\1", MORE_SPACE.sub(" ", html)))
        if "case" in self.ignore:
            parts[::2] = [part.casefold() for part in parts[::2]]
        if "attributes" in self.ignore:
            parts[1::2] = [_without_attributes(part) for part in parts[1::2]]
        return "".join(parts)

    @staticmethod
    def _segmented(tokens: list[str], segment: Segment) -> list[str]:
        cut: list[str] = []
        for token in tokens:
            if token.startswith("<") or not UNSPACED.search(token):
                cut.append(token)
                continue
            word = token.lstrip(SPACE)
            first, *more = list(segment(word))
            cut += [token[: len(token) - len(word)] + first, *more]
        return cut


def _without_attributes(tag: str) -> str:
    head, closing, rest = tag.partition(">")
    name = name_of(tag)
    return f"<{'/' if is_end(tag) else ''}{name}{closing}{rest}" if name else head + closing + rest
