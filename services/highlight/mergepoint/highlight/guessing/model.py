"""Weighs the features of a text for each language: a multinomial logistic regression, trained by tools/train.py.

The file is compressed with zlib. It holds a line of JSON (labels, biases, scale, vocabulary); then for each bucket of
features the number of its weights, in a byte; then the labels of all weights, a byte each; then the weights, a signed
byte each.
"""

import json
import math
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate

from .features import BUCKETS, FIRST_WORD, features


@dataclass(frozen=True)
class Model:
    """The weights of bucket *b* are those from ``starts[b]`` to ``starts[b + 1]``; *owners* has their labels."""

    labels: list[str]
    biases: list[float]
    scale: float
    vocabulary: dict[str, int]
    starts: "array[int]"
    owners: bytes
    weights: "array[int]"

    def probabilities(self, text: str) -> list[tuple[str, float]]:
        """Return every label with the probability, from 0 to 1, that *text* is in that language, likeliest first."""
        found = features(text, self.vocabulary)
        sums = [0] * len(self.labels)
        starts, owners, weights = self.starts, self.owners, self.weights
        for bucket in found:
            begin, end = starts[bucket], starts[bucket + 1]
            if begin < end:
                for owner, weight in zip(owners[begin:end], weights[begin:end], strict=True):
                    sums[owner] += weight
        scale = self.scale / math.sqrt(len(found) or 1)
        return _softmax(self.labels, [bias + scale * total for bias, total in zip(self.biases, sums, strict=True)])


def _softmax(labels: Iterable[str], scores: list[float]) -> list[tuple[str, float]]:
    most = max(scores)
    powers = [math.exp(score - most) for score in scores]
    total = sum(powers)
    pairs = zip(labels, (power / total for power in powers), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


@cache
def model() -> Model:
    """Return the model of this package, read at the first call."""
    return read(files(__package__).joinpath("model.bin").read_bytes())


def read(data: bytes) -> Model:
    """Return the model in *data*, the content of a model file."""
    head, _, rest = zlib.decompress(data).partition(b"\n")
    known = json.loads(head)
    counts, rest = rest[:BUCKETS], rest[BUCKETS:]
    half = len(rest) // 2
    return Model(
        labels=known["labels"],
        biases=known["biases"],
        scale=known["scale"],
        vocabulary={word: FIRST_WORD + at for at, word in enumerate(known["vocabulary"])},
        starts=array("I", accumulate(counts, initial=0)),
        owners=rest[:half],
        weights=array("b", rest[half:]),
    )


def dump(
    labels: list[str],
    biases: list[float],
    scale: float,
    vocabulary: list[str],
    weights: dict[int, list[tuple[int, int]]],
) -> bytes:
    """Return a model file, which `read` can read.

    *weights* has for each bucket pairs of a label's number, 0 to 255, and a weight, -127 to 127; at most 255 pairs of a
    bucket are kept.
    """
    head = json.dumps({"labels": labels, "biases": biases, "scale": scale, "vocabulary": vocabulary})
    rows = [weights.get(bucket, [])[:255] for bucket in range(BUCKETS)]
    flat = [pair for row in rows for pair in row]
    body = bytes(map(len, rows)) + bytes(label for label, _ in flat) + array("b", (w for _, w in flat)).tobytes()
    return zlib.compress(head.encode() + b"\n" + body, 9)
