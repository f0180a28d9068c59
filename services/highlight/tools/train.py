"""Trains the guesser: reads texts of known languages, writes model.bin. Needs NumPy and SciPy; the service does not.

    python services/highlight/tools/train.py texts.jsonl

Snippets of 2 to 60 lines, as people paste them, are cut from the texts. AdaGrad trains a multinomial logistic
regression on their features. Small weights are dropped, and the others are kept in a byte each.
"""

import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from labels import LABELS
from scipy.sparse import csr_matrix
from snippets import snippets
from synthetic import synthetic

from mergepoint.highlight.guessing.features import BUCKETS, FIRST_WORD, TOKENS, features
from mergepoint.highlight.guessing.model import dump

TARGET = Path(__file__).parents[1] / "mergepoint/highlight/guessing/model.bin"
MOST = {3: 900, 2: 600, 1: 300}  # snippets of a language, by how often it occurs (labels.py)
WORDS = 3000  # words in the vocabulary
HELD_OUT = 10  # one text in this many is not trained on, but used to calibrate the probabilities
ROUNDS, BATCH, RATE, DECAY = 11, 1024, 0.3, 4e-6
RAREST = 3  # features that fewer snippets have are dropped
SCALE = 12.0  # the factor for a row of features, which has length 1
KEPT = 240_000  # weights that are kept


def main() -> None:
    random.seed(12)
    started = time.process_time()
    labels = sorted(LABELS)
    examples = list(collect(labels, sys.argv[1]))
    random.shuffle(examples)
    vocabulary = words(text for _, text, held in examples if not held)
    index = {word: FIRST_WORD + at for at, word in enumerate(vocabulary)}
    rows = [sorted(features(text, index)) for _, text, _ in examples]
    say(started, f"{len(examples)} snippets")
    seen = Counter(feature for row in rows for feature in row)
    rows = [[feature for feature in row if seen[feature] >= RAREST] for row in rows]
    matrix = to_matrix(rows)
    wanted = np.array([label for label, _, _ in examples])
    held = np.array([held for _, _, held in examples])
    weights, biases = learn(matrix[~held], wanted[~held], len(labels))
    say(started, f"held out, right: {right(matrix[held] @ weights + biases, wanted[held]):.3f}")
    weights = prune(weights)
    step = np.abs(weights).max() / 127
    small = np.rint(weights / step).astype(np.int8)
    scores = matrix[held] @ (small * np.float32(step))
    temperature = calibrate(scores + biases, wanted[held])
    say(started, f"held out, in bytes: {right(scores + biases, wanted[held]):.3f}, temperature {temperature:.2f}")
    confusions(scores + biases, wanted[held], labels)
    owned: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for bucket, label in zip(*np.nonzero(small), strict=True):
        owned[int(bucket)].append((int(label), int(small[bucket, label])))
    scale = float(SCALE * step / temperature)
    data = dump(labels, [round(float(bias) / temperature, 3) for bias in biases], scale, vocabulary, owned)
    TARGET.write_bytes(data)
    say(started, f"{len(data)} bytes")


def collect(labels: list[str], path: str) -> Iterator[tuple[int, str, bool]]:
    """Yield label, snippet and whether it is held out, MOST of each language, from as many texts as possible."""
    texts: dict[str, list[str]] = defaultdict(list)
    with open(path) as lines:
        for line in lines:
            example = json.loads(line)
            texts[example["label"]].append(example["text"])
    texts["text"] += map(translations, texts["pot"])
    for number, label in enumerate(labels):
        found = texts[label]
        random.shuffle(found)
        most = MOST[LABELS[label]]
        each = min(30 if len(found) < 20 else 12, -(-most // max(1, len(found))))
        for at, text in enumerate(found[:most]):
            for snippet in snippets(text, label, each):
                yield number, snippet, at % HELD_OUT == 0 and len(found) > HELD_OUT
    for at, text in enumerate(synthetic(MOST[3])):
        yield labels.index("text"), text, at % HELD_OUT == 0


def translations(catalogue: str) -> str:
    """Return the sentences of a catalogue of translations: prose in the languages of the world."""
    return "\n".join(re.findall(r'^msgstr "(.{20,})"$', catalogue, re.MULTILINE))


def words(texts: Iterator[str]) -> list[str]:
    """Return the WORDS most frequent words and signs of the snippets, without numbers and beginnings of lines."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update({token for token in TOKENS.findall(text) if token[0] != "\n" and not token[0].isdigit()})
    return [word for word, _ in seen.most_common(WORDS)]


def to_matrix(rows: list[list[int]]) -> csr_matrix:
    """Return a row for each snippet, of length SCALE, in which all its features have the same value."""
    starts = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.full(len(row), SCALE / max(1, len(row)) ** 0.5, np.float32) for row in rows])
    return csr_matrix((values, np.concatenate(rows).astype(np.int32), starts), shape=(len(rows), BUCKETS))


def learn(matrix: csr_matrix, wanted: np.ndarray, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and biases, trained by AdaGrad with BATCH snippets at a time."""
    weights, squares = np.zeros((BUCKETS, labels), np.float32), np.full((BUCKETS, labels), 1e-4, np.float32)
    biases, bias_squares = np.zeros(labels, np.float32), np.full(labels, 1e-2, np.float32)
    order = np.random.default_rng(12)
    for at in range(ROUNDS):
        rate = RATE * (1 - at / ROUNDS)
        for batch in np.array_split(order.permutation(matrix.shape[0]), max(1, matrix.shape[0] // BATCH)):
            part = matrix[batch]
            errors = softmax(part @ weights + biases)
            errors[np.arange(len(batch)), wanted[batch]] -= 1
            errors /= len(batch)
            used = np.unique(part.indices)
            gradient = (part[:, used].T @ errors).astype(np.float32) + DECAY * weights[used]
            squares[used] += gradient**2
            weights[used] -= rate * gradient / np.sqrt(squares[used])
            total = errors.sum(axis=0)
            bias_squares += total**2
            biases -= rate * total / np.sqrt(bias_squares)
        print(f"round {at + 1}, {time.process_time():.0f} s", flush=True)
    return weights, biases


def prune(weights: np.ndarray) -> np.ndarray:
    """Return *weights* with zeros in place of all but the KEPT largest."""
    least = np.partition(np.abs(weights).ravel(), -KEPT)[-KEPT]
    return np.where(np.abs(weights) >= least, weights, 0).astype(np.float32)


def calibrate(scores: np.ndarray, wanted: np.ndarray) -> float:
    """Return the temperature by which to divide the scores, so that probabilities match how often they are right."""

    def loss(temperature: float) -> float:
        chances = softmax(scores / temperature)[np.arange(len(wanted)), wanted]
        return float(-np.log(np.maximum(chances, 1e-9)).mean())

    return min(np.arange(0.4, 4.0, 0.05), key=loss)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def right(scores: np.ndarray, wanted: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == wanted).mean())


def confusions(scores: np.ndarray, wanted: np.ndarray, labels: list[str]) -> None:
    found = Counter(zip(wanted.tolist(), scores.argmax(axis=1).tolist(), strict=True))
    worst = [(count, labels[a], labels[b]) for (a, b), count in found.most_common() if a != b][:40]
    print("confused:", ", ".join(f"{a} as {b} {count}" for count, a, b in worst))


def say(started: float, what: str) -> None:
    print(f"{time.process_time() - started:.0f} s: {what}", flush=True)


if __name__ == "__main__":
    main()
