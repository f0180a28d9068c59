"""A price list that several shops may share.

A file has one price a line: the article, from how many pieces on the price holds, and the price of one piece. What
cannot be read is logged with its place and left out, so that one bad line does not spoil the list for everybody.
"""

import csv
import logging
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Price:
    """What one piece costs from *quantity* pieces on."""

    quantity: int
    amount: Decimal


@dataclass
class PriceList:
    """Articles and their prices.

    An article may have many: each holds until the next larger quantity begins. They may come in any order, from any
    number of files, and of two prices for the same quantity the one that was read last counts.
    """

    prices: dict[str, list[Price]] = field(default_factory=dict)

    def read(self, path: Path, delimiter: str = ";") -> None:
        """Add the prices in the file at *path*, which is UTF-8.

        Empty lines and comments, which begin with a hash, are skipped. Raises OSError when there is no such file.
        """
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.reader(file, delimiter=delimiter), 1):
                if not row or row[0].startswith("#"):
                    continue
                try:
                    article, quantity, amount = row
                    self.add(article, Price(int(quantity), Decimal(amount)))
                except (ValueError, ArithmeticError) as error:
                    log.warning("%s:%d: %r is no price: %s", path, number, row, error)

    def add(self, article: str, price: Price) -> None:
        """Add one price for an *article*, and keep its prices in order."""
        self.prices.setdefault(article, []).append(price)
        self.prices[article].sort()
