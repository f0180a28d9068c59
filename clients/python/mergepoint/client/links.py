"""Links to thumbnails, made and signed here, without asking the server: imgproxy's URLs (HMAC-SHA256, base64url)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

# Options by their names in `thumbnail`, and their names in a link.
NAMES = {"upscale": "enlarge", "fit": "resizing_type", "position": "gravity", "frames": "max_animation_frames",
         "strip": "strip_metadata"}  # fmt: skip
FITS = {"inside": "fit", "cover": "fill-down", "fill": "force", "pad": "fit"}
SIDES = {"center": "ce", "north": "no", "south": "so", "east": "ea", "west": "we", "north-east": "noea",
         "north-west": "nowe", "south-east": "soea", "south-west": "sowe", "attention": "sm"}  # fmt: skip


class LinkSigner:
    """Signs with a key and a salt, both in hexadecimal, and shows neither."""

    def __init__(self, key: str, salt: str) -> None:
        self._key, self._salt = bytes.fromhex(key), bytes.fromhex(salt)

    def sign(self, path: str) -> str:
        digest = hmac.new(self._key, self._salt + path.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def link(source: str, options: Mapping[str, Any], signer: LinkSigner | None, what: str = "") -> str:
    """Return the path of a link to *source*; *what* is ``/info`` for its description."""
    extension = options.get("format") if options.get("format") != "auto" else None  # a link cannot depend on Accept
    parts = list(
        _write_options({name: value for name, value in options.items() if name != "format" and value is not None})
    )
    encoded = base64.urlsafe_b64encode(source.encode()).rstrip(b"=").decode()
    path = "/" + "/".join([*parts, encoded + (f".{extension}" if extension else "")])
    return f"/thumbnail{what}/{signer.sign(path) if signer else 'unsigned'}{path}"


def _write_options(options: Mapping[str, Any]) -> Iterable[str]:
    for name, value in options.items():
        if name == "fit":
            yield f"resizing_type:{FITS.get(value, value)}"
            if value == "pad":
                yield ":".join(["extend:1", *([_gravity(options["position"])] if options.get("position") else [])])
        elif name == "position":
            yield f"gravity:{_gravity(value)}"
        elif name == "rotate":
            yield {"auto": "auto_rotate:1", "none": "auto_rotate:0"}.get(str(value), f"rotate:{value}")
        else:
            yield f"{NAMES.get(name, name)}:{_plain(value)}"


def _gravity(position: object) -> str:
    x, comma, y = str(position).partition(",")
    return f"fp:{x}:{y}" if comma else SIDES.get(x, x)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return ":".join(map(str, value)) if isinstance(value, list | tuple) else str(value).removeprefix("#")
