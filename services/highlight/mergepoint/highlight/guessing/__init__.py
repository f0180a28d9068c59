"""Guesses the language of a text by a small classifier, by decisive evidence, and by Pygments' analysers.

`features` counts the features of a text, `model` weighs them, `evidence` finds signs that decide alone. The model knows
the most common languages. For the others, Pygments' analysers count if their score is high. If no language is likely,
the text is plain.
"""

from collections.abc import Sequence
from functools import cache

from pygments.lexers.special import TextLexer

from .. import analysers, names
from ..analysers import Candidate
from ..names import LexerClass
from .evidence import SURE, certain
from .idioms import idiomatic
from .model import model

# Below this probability a text counts as plain: such guesses were measured to be wrong about as often as right.
FLOOR = 0.4
LEAST = 0.005  # candidates below this probability are left out
ANALYSER_FLOOR = 0.9  # the score from which an analyser counts
# Analysers that give high scores to texts in other languages, measured on texts in the languages of the model.
UNTRUSTED = {"brainfuck", "hylang", "logtalk", "mojo", "objective-j", "slurm", "swig", "tasm", "visualprolog"}
FIRST = 3.0  # if a hint leaves several languages open, the first is this many times likelier than each other one
UNHEARD = 0.5  # the weight of a language that the model does not know: a little less than neutral
TINY = 1e-4


def rank(text: str, hinted: Sequence[LexerClass] = ()) -> list[Candidate]:
    """Return the possible languages of *text* with their probabilities, from 0 to 1, the likeliest first.

    If *hinted* is not empty, only its lexers are candidates.
    """
    if len(hinted) == 1:
        return [Candidate(hinted[0], 1.0)]
    if not hinted and not text.strip():
        return [Candidate(TextLexer, 1.0)]
    chances = _chances(text)
    if hinted:
        return _among(hinted, chances)
    found = [
        Candidate(lexer, chance)
        for word, chance in chances.items()
        if chance >= LEAST and word != "text" and (lexer := names.find(word))
    ]
    found.sort(key=lambda candidate: -candidate.score)
    best = found[0].score if found else 0.0
    if best < FLOOR:
        found = [*_ask_analysers(text, chances), *found]
        best = max((candidate.score for candidate in found), default=0.0)
    plain = max(chances["text"], 1 - best if best < FLOOR else 0.0)
    found += [Candidate(TextLexer, plain)] if plain >= LEAST else []
    return sorted(found, key=lambda candidate: -candidate.score)


def _chances(text: str) -> dict[str, float]:
    """Return the probability of each language that the model knows."""
    chances = idiomatic(text, dict(model().probabilities(text)))
    if word := certain(text):
        chances = {known: chance * (1 - SURE) for known, chance in chances.items()}
        chances[word] += SURE
    return chances


def _among(hinted: Sequence[LexerClass], chances: dict[str, float]) -> list[Candidate]:
    """Return the *hinted* lexers with probabilities, the likeliest first; the first of *hinted* has a bonus (FIRST).

    Each weight is the probability given the text divided by that without a text.
    """
    before = _chances_before()
    weights = {}
    for lexer in hinted:
        word = names.word(lexer)
        weights[lexer] = (chances[word] + TINY) / (before[word] + TINY) if word in before else UNHEARD
    weights[hinted[0]] *= FIRST
    total = sum(weights.values())
    return [Candidate(lexer, weights[lexer] / total) for lexer in sorted(weights, key=lambda lexer: -weights[lexer])]


@cache
def _chances_before() -> dict[str, float]:
    """Return the probability of each language for an empty text."""
    return dict(model().probabilities(""))


def _ask_analysers(text: str, chances: dict[str, float]) -> list[Candidate]:
    """Return the languages that the model does not know and whose analysers give a high score."""
    candidates = analysers.rank(text)
    return [
        Candidate(found.lexer, found.score * SURE)
        for found in candidates
        if found.score >= ANALYSER_FLOOR and names.word(found.lexer) not in (*chances, *UNTRUSTED)
    ]
