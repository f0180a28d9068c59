"""Joins several patterns into one alternation, from their trees instead of their text.

That way groups and references to them are renumbered safely, each pattern keeps its flags, and nothing is parsed twice.
"""

from collections.abc import Iterable
from re import UNICODE
from typing import Any

from .firsts import ASSERTIONS, REPEATS, compiler, parser, sre


def prune(tree: Any, bit: int) -> tuple[Any, Any]:
    """Remove branches at the start of *tree* that cannot begin with the character *bit*, such as words of a list.

    Return the remaining tree, and a key that is equal for equal remaining branches.
    """
    for index, (op, av) in enumerate(tree):
        if op is sre.AT or op in ASSERTIONS:
            continue
        if op is sre.SUBPATTERN:
            rest, key = prune(av[3], bit)
            av = *av[:3], rest
        elif op is sre.BRANCH:
            able = {n: b for n, b in enumerate(av[1]) if b.reading.first >> bit & 1}
            av, key = (None, [*able.values()]), tuple(able)
        else:
            break
        return parser.SubPattern(tree.state, [*tree[:index], (op, av), *tree[index + 1 :]]) if key else tree, key
    return tree, None


def join(alternatives: Iterable[tuple[Any, int]]) -> Any:
    """Compile *alternatives*, each a tree and its flags, into one pattern.

    Each alternative ends with an empty group; ``lastindex`` has its number if the alternative has matched. A group
    around the alternative would disable the engine's own check of its first character.
    """
    state, branches = parser.State(), []
    state.flags = UNICODE
    for tree, flags in alternatives:
        body = _copy(tree, state, state.groups - 1)
        state.groupwidths += [*tree.state.groupwidths[1:], (0, 0)]
        mark = sre.SUBPATTERN, (state.groups - 1, 0, 0, parser.SubPattern(state))
        branches.append(parser.SubPattern(state, [(sre.SUBPATTERN, (None, flags, 0, body)), mark]))
    return compiler.compile(parser.SubPattern(state, [(sre.BRANCH, (None, branches))]))


def _copy(tree: Any, state: Any, offset: int) -> Any:
    """Return a copy of *tree* in *state*, with its groups' numbers raised by *offset*."""
    copied = parser.SubPattern(state)
    copied.width = tree.getwidth()
    for op, av in tree:
        if op is sre.SUBPATTERN:
            av = av[0] and av[0] + offset, av[1], av[2], _copy(av[3], state, offset)
        elif op is sre.BRANCH:
            av = None, [_copy(branch, state, offset) for branch in av[1]]
        elif op in REPEATS:
            av = av[0], av[1], _copy(av[2], state, offset)
        elif op in ASSERTIONS:
            av = av[0], _copy(av[1], state, offset)
        elif op is sre.ATOMIC_GROUP:
            av = _copy(av, state, offset)
        elif op is sre.GROUPREF:
            av += offset
        copied.append((op, av))
    return copied
