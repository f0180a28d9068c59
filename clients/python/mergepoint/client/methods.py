"""Methods made of calls: a class gets each with the name, parameters and documentation that its call has."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args

from .calls import Call

Of = TypeVar("Of")
Given = ParamSpec("Given")
Returned = TypeVar("Returned")
Method = TypeVar("Method", bound=Callable[..., Any])
Make = Callable[[Call[Any]], Any]
"""A function that makes a call, and returns what the call does."""


def made(call: Callable[Concatenate[Of, Given], Call[Returned]]) -> Callable[Concatenate[Any, Given], Returned]:
    """Return a method that makes *call* with its object's ``_make``; *call* is a method of the object's ``_calls``."""

    @wraps(call)
    def method(self: Any, /, *values: Given.args, **named: Given.kwargs) -> Returned:
        result: Returned = self._make(call(self._calls, *values, **named))
        return result

    return returning(method, call)


def returning(method: Method, call: Callable[..., Call[Any]], generic: Any = None) -> Method:
    """Have ``help()`` show what *method* returns: what *call*, which it wraps, results in, or a *generic* of that."""
    signature = inspect.signature(call)
    [result] = get_args(signature.return_annotation)
    method.__signature__ = signature.replace(return_annotation=generic[result] if generic else result)  # type: ignore[attr-defined]
    return method
