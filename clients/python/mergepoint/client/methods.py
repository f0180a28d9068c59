"""Methods made of calls: a class gets each with the name, parameters and documentation that its call has."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from .calls import Call

Of = TypeVar("Of")
Given = ParamSpec("Given")
Returned = TypeVar("Returned")
Make = Callable[[Call[Any]], Any]
"""A function that makes a call, and returns what the call does."""


def made(call: Callable[Concatenate[Of, Given], Call[Returned]]) -> Callable[Concatenate[Any, Given], Returned]:
    """Return a method that makes *call* with its object's ``_make``; *call* is a method of the object's ``_calls``."""

    @wraps(call)
    def method(self: Any, /, *values: Given.args, **named: Given.kwargs) -> Returned:
        result: Returned = self._make(call(self._calls, *values, **named))
        return result

    return method
