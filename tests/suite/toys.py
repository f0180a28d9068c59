"""An application to be mounted beside the services, which does by its path what applications may do, and may not."""

import json
import sys
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.auth.place import page

TEXT = [("Content-Type", "text/plain")]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer what the path says; else the environ, as JSON."""
    what = environ["PATH_INFO"].rpartition("/")[2]
    if what == "before":
        raise ValueError(what)
    if what == "exit":
        sys.exit(1)
    if what in ("within", "first", "after", "twice", "replaced", "written"):
        return _failing(what, start_response)
    if what in ("never", "nothing", "text"):
        return _wrong(what, start_response)
    if what == "page.html":
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [page("")]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode("latin-1")
    strings = {name: value for name, value in environ.items() if isinstance(value, str)}
    said = json.dumps({"environ": strings, "user": environ["mergepoint"]["user"], "body": body}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(said)))])
    return [said]


def _failing(what: str, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("200 Fine", [*TEXT, ("X-First", "1")])
    if what == "within":
        raise ValueError(what)
    if what == "written":
        write(b"written")
        raise ValueError(what)
    if what == "twice":
        start_response("200 Again", TEXT)
    if what == "replaced":
        try:
            raise ValueError(what)
        except ValueError:
            start_response("418 Replaced", TEXT, sys.exc_info())
        yield b"replaced"
        return
    if what == "first":
        yield b""
        raise ValueError(what)
    yield b"a piece"
    raise ValueError(what)


def _wrong(what: str, start_response: StartResponse) -> Iterable[bytes]:
    if what == "never":
        return [b"no head"]
    start_response("200 OK", TEXT)
    return None if what == "nothing" else ["text"]  # type: ignore[return-value,list-item]
