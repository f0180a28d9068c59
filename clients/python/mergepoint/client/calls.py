"""The calls of the pure services: for each the request, and what reads its answer. Nothing here sends anything.

`Client` and `AsyncClient` make them at once, or later, as jobs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Generic, TypeVar
from urllib.parse import quote

from .answers import Answers
from .encode import fields, json_body, query, utf8
from .errors import ApiError
from .pictures import Image, Picture, Thumbnails, open_image, read_info, read_picture, read_set
from .results import (
    Annotated,
    Diff,
    Highlighted,
    HighlightedImage,
    read_annotated,
    read_batch_item,
    read_diff,
    read_highlighted,
)
from .server import Answer, Body

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
Result = Highlighted | HighlightedImage
Returned = TypeVar("Returned", covariant=True)


@dataclass(frozen=True)
class Call(Generic[Returned]):
    """A request, and *read*, which turns its answer (of one of *statuses*) into what the call returns."""

    method: str
    path: str
    read: Callable[[Answer], Returned]
    body: Body | None = None
    type: str = TEXT
    opened: BinaryIO | None = None
    """The file that was opened for the body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    statuses: tuple[int, ...] = (200,)
    once: bool = False
    """It changes something, and is therefore sent once, over a new connection."""

    def close(self) -> None:
        if self.opened:
            self.opened.close()


class Calls:
    """Makes the calls to a server at *address*. Its methods have the names and parameters of the client's."""

    def __init__(self, address: str, answers: Answers) -> None:
        self._address, self._answers = address, answers

    def highlight(self, /, code: str | bytes, language: str | None = None, **options: Any) -> Call[Result]:
        return self._of_code("/highlight", code, {"language": language, **options}, self._parsed(read_highlighted))

    def guess(self, /, code: str | bytes, **options: Any) -> Call[list[dict[str, Any]]]:
        return self._of_code("/highlight/guess", code, options, self._list("candidates"))

    def batch(self, snippets: Iterable[Mapping[str, Any]]) -> Call[list[Result | ApiError]]:
        sent = self._fields_of_each("snippets", snippets)
        return self._of_json("/highlight/batch", {"snippets": sent}, partial(self._read_batch, len(sent)))

    def languages(self) -> Call[list[dict[str, Any]]]:
        return self._of_list("languages")

    def formats(self) -> Call[list[dict[str, Any]]]:
        return self._of_list("formats")

    def styles(self) -> Call[list[dict[str, Any]]]:
        return self._of_list("styles")

    def stylesheet(self, /, name: str, dark: str | None = None, **options: Any) -> Call[str]:
        path = f"/highlight/styles/{quote(utf8(name, 'name', self._address), safe='')}.css"
        return Call("GET", path + query({"dark": dark, **options}, self._address), self._parsed(_text))

    def htmldiff(self, /, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Call[Diff]:
        given = fields({"old": old, "new": new, **options, "format": "json"}, self._address)
        return self._of_json("/htmldiff", given, self._parsed(read_diff))

    def apply(self, /, old: str | bytes | None = None, new: str | bytes | None = None, **options: Any) -> Call[str]:
        given = fields({"old": old, "new": new, **options}, self._address)
        return self._of_json("/htmldiff/apply", given, self._parsed(_text))

    def annotate(self, /, versions: Iterable[Mapping[str, Any]], **options: Any) -> Call[Annotated]:
        sent = self._fields_of_each("versions", versions)
        given = {"versions": sent, **fields(options, self._address), "format": "json"}
        return self._of_json("/htmldiff/annotate", given, self._parsed(read_annotated))

    def thumbnail(
        self, /, image: Image, width: int | None = None, height: int | None = None, **options: Any
    ) -> Call[Picture]:
        given = {"width": width, "height": height, **options}
        return self._of_image(f"/thumbnail{query(given, self._address)}", image, self._parsed(read_picture))

    def info(self, image: Image) -> Call[dict[str, Any]]:
        return self._of_image("/thumbnail/info", image, self._parsed(read_info))

    def thumbnail_set(self, /, image: Image, widths: Iterable[int], **options: Any) -> Call[Thumbnails]:
        given = {"widths": list(widths), **options, "archive": "zip"}
        return self._of_image(f"/thumbnail/set{query(given, self._address)}", image, self._parsed(read_set))

    def _of_list(self, name: str) -> Call[list[dict[str, Any]]]:
        return Call("GET", f"/highlight/{name}", self._list(name))

    def _of_code(
        self, path: str, code: str | bytes, options: Mapping[str, Any], read: Callable[[Answer], Returned]
    ) -> Call[Returned]:
        body = utf8(code, "code", self._address)
        return Call("POST", path + query(options, self._address), read, body)

    def _of_json(self, path: str, values: Mapping[str, Any], read: Callable[[Answer], Returned]) -> Call[Returned]:
        return Call("POST", path, read, json_body(values), JSON)

    def _of_image(self, path: str, image: Image, read: Callable[[Answer], Returned]) -> Call[Returned]:
        file = open_image(image)
        opened = None if file is image else file
        return Call("POST", path, read, file, "application/octet-stream", opened)

    def _parsed(self, read: Callable[[Answer], Returned]) -> Callable[[Answer], Returned]:
        return partial(self._answers.parse, read)

    def _list(self, name: str) -> Callable[[Answer], list[dict[str, Any]]]:
        return partial(self._answers.list, name=name)

    def _fields_of_each(self, name: str, items: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        return [fields(values, self._address, f"{name}.{index}.") for index, values in enumerate(items)]

    def _read_batch(self, sent: int, answer: Answer) -> list[Result | ApiError]:
        results = self._answers.list(answer, "results")
        if len(results) != sent:
            raise self._answers.invalid(answer, f"{len(results)} results for {sent} snippets")
        return [self._read_batch_item(item, answer) for item in results]

    def _read_batch_item(self, item: dict[str, Any], answer: Answer) -> Result | ApiError:
        try:
            if item["status"] == 200:
                return read_batch_item(item, answer)
            return self._answers.refusal(item["problem"], int(item["status"]), answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._answers.invalid(answer, "a result that is none") from error


def _text(answer: Answer) -> str:
    return answer.body.decode()
