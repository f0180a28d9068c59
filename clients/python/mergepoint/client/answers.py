"""Reads answers: the result of a call, the service's refusal as an exception, or what is no answer of Mergepoint."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .errors import ApiError, InvalidResponse, api_error
from .results import json_object
from .retries import seconds_asked
from .server import Answer

Parsed = TypeVar("Parsed")


class Answers:
    """The answers of the server at *address*; *now* is seconds since 1970."""

    def __init__(self, address: str, now: Callable[[], float]) -> None:
        self._address, self._now = address, now

    def check(self, answer: Answer, *statuses: int) -> Answer:
        """Return *answer* if it has one of *statuses*, 200 if there are none; raise ApiError or InvalidResponse."""
        if answer.status in (statuses or (200,)):
            return answer
        if answer.status < 400:
            raise self.invalid(answer, "no answer; redirects are not followed")
        raise self.refusal(json_object(answer.body), answer.status, answer)

    def parse(self, read: Callable[[Answer], Parsed], answer: Answer) -> Parsed:
        """Return what *read* makes of *answer*; raise InvalidResponse if it is something else."""
        try:
            return read(answer)
        except UnicodeDecodeError as error:
            raise self.invalid(answer, "text that is not UTF-8") from error
        except (LookupError, TypeError, ValueError) as error:
            raise self.invalid(answer, "something else than what was asked for") from error

    def list(self, answer: Answer, name: str) -> list[dict[str, Any]]:
        """Return the list of objects called *name* in the JSON of *answer*."""
        items = json_object(answer.body).get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.invalid(answer, f"no JSON with a list of {name}")
        return items

    def refusal(self, problem: Mapping[str, Any], status: int, answer: Answer) -> ApiError:
        """Return the service's *problem* as an exception."""
        after = seconds_asked(answer.headers.get("Retry-After"), self._now())
        about = {"request_id": answer.request_id, "retry_after": after}
        return api_error(problem, server=self._address, status=status, **about)

    def invalid(self, answer: Answer, what: str) -> InvalidResponse:
        """Return the exception for an *answer* that is none: *what* it was instead."""
        message = f"{self._address}: answered {answer.status} with {what}"
        return InvalidResponse(message, status=answer.status, request_id=answer.request_id)
