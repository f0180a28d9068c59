"""Word segmentation, by ICU's dictionaries, for scripts without spaces between words."""

import re
from collections.abc import Callable, Iterable

Segment = Callable[[str], Iterable[str]]

# Scripts that write words without spaces between them: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
UNSPACED = re.compile(rf"[{_UNSPACED}\U00020000-\U0003ffff]")


def icu_words(text: str) -> Iterable[str]:
    """Return *text* split into words by ICU, which has dictionaries for scripts without spaces."""
    from icu4py.breakers import WordBreaker  # 30 MB of dictionaries: loaded only when needed

    return WordBreaker(text, "root")
