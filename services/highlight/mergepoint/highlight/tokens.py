"""The ``json`` format: the tokens themselves, for programs that draw on their own."""

import json
from collections.abc import Iterable
from typing import Any, TextIO

from pygments.formatter import Formatter


class TokenFormatter(Formatter):
    """Writes ``{"language", "tokens": [{"type", "text", "start"}]}``; *start* counts Unicode code points."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def format_unencoded(self, tokensource: Iterable[tuple[Any, str]], outfile: TextIO) -> None:
        tokens = []
        start = 0
        for kind, text in tokensource:
            tokens.append({"type": ".".join(kind) or "Token", "text": text, "start": start})
            start += len(text)
        json.dump({"language": self.language, "tokens": tokens}, outfile, ensure_ascii=False)
        outfile.write("\n")
