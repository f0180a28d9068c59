"""The calls of thumbnail.json. What an answer must be is recorded, unless it is said here."""

import base64
from typing import Any

import numpy as np
from PIL import Image

from tests.thumbnail import pictures


def thumbnail(name: str, image: bytes, /, **options: Any) -> dict[str, Any]:
    return {"name": name, "call": "thumbnail", "options": {"image": base64.b64encode(image).decode(), **options}}


def only(case: dict[str, Any], **expect: Any) -> dict[str, Any]:
    return case | {"expect": expect}


LANDSCAPE = pictures.flag(60, 40)
PNG, JPEG, GIF, WEBP, AVIF = (pictures.file(LANDSCAPE, format) for format in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"))
GLASS = pictures.file(pictures.glass(32, 32), "PNG")

UPRIGHT = Image.Exif()
UPRIGHT[0x0112] = 6
HELD = pictures.file(LANDSCAPE, "JPEG", exif=UPRIGHT)
LAMP = pictures.file(np.roll(pictures.framed(60, 40), 15, axis=1))

NOISE = pictures.file(pictures.photograph(60, 40))
HALF = NOISE[: len(NOISE) // 2]

CASES = [
    thumbnail("narrower", PNG, width=30),
    thumbnail("lower", PNG, height=10),
    thumbnail("inside a box", PNG, width=30, height=30),
    thumbnail("covering a box", PNG, width=20, height=20, fit="cover"),
    thumbnail("covering a box from the west", PNG, width=20, height=20, fit="cover", position="west"),
    thumbnail("covering a box around a point", PNG, width=20, height=20, fit="cover", position="0.2,0.5"),
    thumbnail("filling a box", PNG, width=20, height=20, fit="fill"),
    thumbnail("padding a box", PNG, width=20, height=20, fit="pad", background="ff8800"),
    thumbnail("never larger", PNG, width=600),
    thumbnail("larger when asked", PNG, width=90, upscale=True),
    thumbnail("for a dense screen", PNG, width=15, dpr=2),
    thumbnail("as it is", PNG),
    thumbnail("a JPEG", JPEG, width=30),
    thumbnail("a JPEG of a PNG", PNG, width=30, format="jpeg", quality=50),
    thumbnail("a GIF", GIF, width=30),
    thumbnail("transparency stays", GLASS, width=16),
    thumbnail("transparency on a colour", GLASS, width=16, format="jpeg", background="#0f0"),
    thumbnail("turned", PNG, width=30, rotate=90),
    thumbnail("blurred", PNG, width=30, blur=1.5),
    thumbnail("trimmed", pictures.file(pictures.framed(40, 40), "PNG"), trim=10),
    thumbnail("a part", PNG, crop="30,0,20,10"),
    thumbnail("without colours", PNG, width=30, greyscale=True),
    thumbnail("a jpg", PNG, width=30, format="jpg"),
    thumbnail("a part of nothing", PNG, crop="60,0,1,1"),
    thumbnail("a WebP", PNG, width=30, format="webp"),
    thumbnail("an AVIF", PNG, width=30, format="avif"),
    thumbnail("a WebP of glass", GLASS, width=16, format="webp"),
    thumbnail("an AVIF of glass", GLASS, width=16, format="avif"),
    thumbnail("of a WebP", WEBP, width=30, format="png"),
    thumbnail("of an AVIF", AVIF, width=30, format="png"),
    thumbnail("as the camera was held", HELD, width=20, format="png"),
    thumbnail("where something is", LAMP, width=20, height=20, fit="cover", position="attention"),
    thumbnail("an animation", pictures.moving("GIF", 3), width=15, frames="all"),
    thumbnail("an animation as WebP", pictures.moving("GIF", 3), width=15, frames=2, format="webp"),
    thumbnail("a WebP of a WebP, turned", WEBP, width=30, format="webp", rotate=270, quality=30),
    thumbnail("no width", PNG, width=0),
    thumbnail("a width that is no number", PNG, width="NaN"),
    thumbnail("a width beyond all", PNG, width=10**9),
    thumbnail("larger than any answer may be", PNG, width=5000, upscale=True),
    thumbnail("an unknown option", PNG, wdith=30),
    thumbnail("an unknown position", PNG, width=30, position="nowhere"),
    thumbnail("not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", width=30),
    thumbnail("nothing", b"", width=30),
    thumbnail("half of a picture", HALF, width=30),
    thumbnail("half of a picture where all is wanted", HALF, width=30, strict=True),
    thumbnail("a picture without its last byte", JPEG[:-1], width=30),
    thumbnail("so few bytes", JPEG, width=30, max_bytes=100),
    thumbnail("bytes that it has room in", JPEG, width=30, max_bytes=450, quality=100),
    only(
        thumbnail("what it is", PNG) | {"call": "info"},
        includes={
            "info": {
                "type": "image/png",
                "width": 60,
                "height": 40,
                "frames": 1,
                "orientation": 1,
                "colour_space": "rgb",
                "alpha": False,
                "bytes": len(PNG),
            }
        },
    ),
    only(thumbnail("what is no picture", b"text") | {"call": "info"}, error="unsupported_type", status=415),
    thumbnail("a set", PNG, widths=[15, 30, 90], formats=["png", "jpeg"], name="flag") | {"call": "thumbnail_set"},
    thumbnail("a set of nothing", PNG, widths=[0]) | {"call": "thumbnail_set"},
]
