"""Serves GET /thumbnail/<signature>/…: from the check of the signature to the headers of the answer."""

import re
import time
from collections.abc import Callable
from posixpath import basename, splitext
from urllib.parse import quote, urlsplit

from flask import Request, Response

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.fetch import Version
from mergepoint.kit.problems import Problem
from mergepoint.kit.web import caching

from ..errors import ImageTooLarge
from ..files.header import Header, check_size
from ..formats import EXTENSIONS, FORMATS
from ..sizes import size_headers
from ..spec import Limits
from .grammar import BadLink, Expired, Grammar, UnknownOption, with_colons
from .link import Link
from .signing import BadSignature, Signer
from .sources import SourceFile, Sources

MERGED = re.compile(r"(/plain/([A-Za-z][A-Za-z0-9+.-]*)):/(?=[^/])")
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"\\/;]')


def raw_path(request: Request) -> str:
    """Return the path exactly as the client sent and signed it: not unescaped, and with repeated slashes."""
    uri: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    return _restore_slashes(uri.partition("?")[0])


def _restore_slashes(path: str) -> str:
    """Return *path* with both slashes after the scheme of its plain source; some proxies merge them into one.

    imgproxy also restores them before it checks the signature.
    """
    return MERGED.sub(lambda match: f"{match[1]}:{'///' if match[2] == 'local' else '//'}", path, count=1)


class LinkVerifier:
    """Accepts links that *signer* has signed. With *unsigned* it accepts every link and ignores the signature. Without
    either it accepts none."""

    def __init__(self, signer: Signer | None, grammar: Grammar, *, unsigned: bool) -> None:
        self._signer = signer
        self._grammar = grammar
        self._unsigned = unsigned

    def verify(self, path: str) -> Link:
        """Return the Link that the *path* after ``/thumbnail`` describes; raise a Problem if it is not valid."""
        signature, _, rest = path.removeprefix("/").partition("/")
        try:
            self._check(signature, f"/{rest}")
            return self._grammar.parse(f"/{rest}")
        except (BadSignature, BadLink, UnknownOption, Expired) as error:
            raise Problem.of(error) from None

    def _check(self, signature: str, path: str) -> None:
        if self._unsigned:
            return
        if not self._signer:
            raise Problem("not_found", "links are switched off here; THUMBNAIL_KEYS and THUMBNAIL_SALTS switch them on")
        try:
            self._signer.check(signature, path)
        except BadSignature:
            if path == (written := with_colons(path)):  # some proxies escape colons that were signed unescaped
                raise
            self._signer.check(signature, written)


def lifetime(link: Link, found: SourceFile, now: Callable[[], float] = time.time) -> str:
    """Return the Cache-Control of an answer to *link*: for the *age* of *found*, but not beyond the link's expiry."""
    seconds = found.age if link.expires is None else min(found.age, int(link.expires - now()))
    return f"public, max-age={seconds}" if seconds > 0 else caching.NO_STORE


def read_source(link: Link, sources: Sources, most_bytes: int, known: Version | None = None) -> SourceFile:
    """Return the source of *link*, without its bytes if it is the *known* version.

    *most_bytes* limits its size; the link may lower that limit. Raises a Problem if the source is refused, not found
    or too large.
    """
    found = sources.read(link.source, known)
    if len(found.body) > min(link.most_bytes or most_bytes, most_bytes):
        raise Problem.field("source", f"has more than {link.most_bytes} bytes", code="source_too_large")
    return found


def deliver_unprocessed(link: Link, announced: Header | None, body: bytes, limits: Limits) -> Answer | None:
    """Return the source itself if *link* asks for it unprocessed, else None. *announced* is None if it is no picture.

    Raises a Problem for pictures over the limits, unless the link says ``raw``.
    """
    kind = FORMATS[announced.format].type if announced else "application/octet-stream"
    if link.raw:
        return Answer(body, kind)
    if not announced or announced.format not in link.unprocessed or link.spec.format not in (None, announced.format):
        return None
    try:
        check_size(announced, 1, link.limits or limits)
    except ImageTooLarge as error:
        raise Problem.of(error) from None
    return Answer(body, kind, size_headers(announced.width, announced.height, announced.width, announced.height))


def set_filename(response: Response, link: Link) -> Response:
    """Add Content-Disposition, which names the file if the browser saves it (RFC 6266)."""
    stem = link.filename or splitext(basename(urlsplit(link.source).path))[0] or "image"
    stem = NOT_IN_NAMES.sub("_", stem)[:100]
    extension = EXTENSIONS.get(response.mimetype or "", "bin")
    name = f"{stem}.{extension}"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    how = "attachment" if link.attachment or extension == "bin" else "inline"
    more = "" if plain == name else f"; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Disposition"] = f'{how}; filename="{plain}"{more}'
    return response
