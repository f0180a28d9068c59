"""Documents that are at a URL: fetched from allowed origins, in the parent; parsed in the sandbox only."""

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from mergepoint.kit.body import check_type
from mergepoint.kit.fetch import Fetcher
from mergepoint.kit.freshness import freshness
from mergepoint.kit.options import read_text

from .options import PairOptions
from .reading.limits import MOST_BYTES

Pair = TypeVar("Pair", bound=PairOptions)
HTML = "text/html"
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # a URL as people write it has others, which are escaped


@dataclass(frozen=True)
class Sources:
    """Fetches from *origins* (kit.origins), each document within *timeout* seconds.

    *age* is for how many seconds a document is kept that says nothing of that, and the most for any.
    """

    origins: str
    timeout: float
    redirects: int
    age: int

    def fill(self, options: Pair) -> tuple[Pair, int]:
        """Return *options* with what is at ``old_url`` and ``new_url``, and for how many seconds that is fresh."""
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
