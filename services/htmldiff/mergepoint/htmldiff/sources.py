"""Fetches documents by URL from allowed origins, in the parent process, since the sandbox has no network."""

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from mergepoint.kit.fetch import Fetcher
from mergepoint.kit.fetch.freshness import freshness
from mergepoint.kit.options import read_text
from mergepoint.kit.web.media import check_type

from .options import PairOptions
from .reading.limits import MOST_BYTES

Pair = TypeVar("Pair", bound=PairOptions)
HTML = "text/html"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # all other characters of a URL are percent-encoded


@dataclass(frozen=True)
class Sources:
    """Fetches from *origins* (kit.fetch.origins), each document within *timeout* seconds and at most *redirects*.

    *age* is the most seconds for which a document is fresh, and the default if its server gives no lifetime.
    """

    origins: str
    timeout: float
    redirects: int
    age: int

    def fill(self, options: Pair) -> tuple[Pair, int]:
        """Return *options* with the documents at its URLs, and the number of seconds for which they are fresh."""
        ages = [self.age]
        texts: dict[str, str | None] = {}
        for name in ("old", "new"):
            field = f"{name}_url"
            if url := getattr(options, field):
                found = self._fetcher(field).fetch(quote(url, safe=PRINTABLE), accept=HTML)
                check_type(field, found.headers.get("content-type", ""), HTML)
                texts |= {name: read_text(found.body, field), field: None}
                ages.append(freshness(found.headers, default=self.age, most=self.age))
        return options.model_copy(update=texts), min(ages)

    def _fetcher(self, field: str) -> Fetcher:
        return Fetcher(self.origins, max_bytes=MOST_BYTES, timeout=self.timeout, redirects=self.redirects, field=field)
