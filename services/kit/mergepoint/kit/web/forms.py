"""Forms as browsers and HTTP libraries write them, multipart and urlencoded, taken apart into bytes."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from ..problems import Problem

MOST_FIELDS = 64


@dataclass(frozen=True)
class Part:
    """One field of a form. *filename* and *kind*, its media type, are what files bring along."""

    name: str
    value: bytes
    filename: str | None = None
    kind: str = ""


def multipart(data: bytes, parameters: Mapping[str, str]) -> list[Part]:
    """Return the parts of a multipart form. Werkzeug's own form would replace what is not UTF-8."""
    boundary = parameters.get("boundary", "").encode("latin-1", "replace")
    try:
        decoder = MultipartDecoder(boundary, max_parts=MOST_FIELDS)
        decoder.receive_data(data)
        decoder.receive_data(None)
        return list(_parts(decoder))
    except (ValueError, RequestEntityTooLarge) as error:
        raise Problem("malformed_body", f"not a multipart form: {error}") from None


def _parts(decoder: MultipartDecoder) -> Iterable[Part]:
    name, filename, kind, value = "", None, "", b""
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            name, value = event.name or "", b""
            filename = event.filename if isinstance(event, File) else None
            kind = event.headers.get("Content-Type", "")
        elif isinstance(event, Data):
            value += event.data
            if not event.more_data:
                yield Part(name, value, filename, kind)


def urlencoded(data: bytes) -> list[Part]:
    """Return the fields of a urlencoded form (URL Standard, 5.1)."""
    pairs = [pair for pair in data.split(b"&") if pair]
    if len(pairs) > MOST_FIELDS:
        raise Problem("malformed_body", f"a form of more than {MOST_FIELDS} fields")
    return [_field(pair) for pair in pairs]


def is_plainly_urlencoded(data: bytes, fields: Container[str], content: str) -> bool:
    """Whether *data* is a form and no text: one line of ASCII, pairs of *fields* only, *content* among them, once.

    curl declares a form whatever it sends, so a text must never be taken for one.
    """
    if b"\n" in data or b"\r" in data or not data.isascii() or data.count(b"&") >= MOST_FIELDS:
        return False
    pairs = data.split(b"&")
    if not all(b"=" in pair for pair in pairs):
        return False
    names = [_field(pair).name for pair in pairs]
    return names.count(content) == 1 and all(name in fields for name in names)


def _field(pair: bytes) -> Part:
    name, _, value = pair.replace(b"+", b" ").partition(b"=")
    return Part(unquote_to_bytes(name).decode("utf-8", "replace"), unquote_to_bytes(value))
