"""Decides by their names which media types are text. It knows no languages: there are always more of them."""

import re
from collections.abc import Mapping

from werkzeug.http import parse_options_header

from ..problems import Problem

CHARSETS = ("", "utf-8", "utf8", "us-ascii")

# The types that curl and HTTP libraries declare when they do not know the type of a body.
RAW = ("", "application/octet-stream", "application/x-www-form-urlencoded")
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"

# Kinds that are text whatever they are registered under: the structured syntaxes of RFC 6839, and SVG's predecessors.
_TEXT = re.compile(r"(?:text|message|x-[\w-]+)/.+|.+\+(?:xml|json|json-seq|yaml|toml)|image/x-x(?:bit|pix)map")
# Vendors' types are documents of their programs, except for these.
_VENDORS = r"vnd\.(?!wolfram|coffeescript|dart|graphviz)"
_WORDS = (
    "7z archive asn1 bittorrent bzip bzip2 cbor compress compressed cpio der deb dicom diskimage dosexec dvi epub "
    "executable flac flash font gtar gzip hdf hdf5 image iso9660 java jar lha lzh lzip lzma lzx mp4 msaccess msdos "
    "msdownload msexcel msgpack msi mspowerpoint msword ogg pdf pkcs7 pkcs8 pkcs10 pkcs12 pkix protobuf rar rpm "
    "sharedlib shockwave silverlight sqlite sqlite3 stuffit tar ustar wasm woff x509 xz zip zstd"
)
_BINARY = re.compile(rf"{_VENDORS}|(?:.*[.+-])?(?:{_WORDS.replace(' ', '|')})(?:[.+-].*)?\Z", re.IGNORECASE)


def is_text(kind: str) -> bool:
    """Whether a body of the media type *kind* (lower case, without parameters) can be text.

    ``application/…`` is, unless it has the name of something binary: most languages are there, registered or not.
    """
    if kind in RAW or _TEXT.fullmatch(kind):
        return True
    tree, _, name = kind.partition("/")
    return tree == "application" and bool(name) and not _BINARY.match(name)


def check_type(name: str, kind: str, wanted: str | None) -> None:
    """Raise a Problem if the Content-Type *kind* names another type than *wanted*; *name* is the field to blame."""
    if not wanted:
        return
    media, parameters = parse_options_header(kind)
    if media.lower() not in ("", "text/plain", "application/octet-stream", wanted):
        raise Problem("unsupported_type", f"{name}: Content-Type {media[:60]!r}: send {wanted}")
    check_charset(parameters, f"{name}: ")


def check_charset(parameters: Mapping[str, str], what: str = "") -> None:
    """Raise a Problem if a media type's *parameters* name another charset than UTF-8. *what* begins the message."""
    charset = parameters.get("charset", "").lower()
    if charset not in CHARSETS:
        raise Problem("unsupported_type", f"{what}charset {charset[:40]!r}: send UTF-8")
