"""Which font draws which character of a picture: DejaVu Sans Mono, and what it has not, fonts for Chinese, Japanese and
Korean and for emoji, if the machine has them. No other font is ever opened.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

# Where Debian, Fedora, Alpine and Arch put DejaVu Sans Mono.
FOLDERS = (
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/dejavu-sans-mono-fonts",
    "/usr/share/fonts/dejavu",
    "/usr/share/fonts/TTF",
)
FACES = {
    "NORMAL": "DejaVuSansMono.ttf",
    "BOLD": "DejaVuSansMono-Bold.ttf",
    "ITALIC": "DejaVuSansMono-Oblique.ttf",
    "BOLDITALIC": "DejaVuSansMono-BoldOblique.ttf",
}
CJK = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei-fonts/wqy-microhei.ttc",
    "/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
)
EMOJI = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
)
SIZE = 14
CELLS = 17  # pixels of two cells, which a wide character takes: 2 × 8.42
CJK_SIZE, EMOJI_SIZE = 15, 15  # fit into a line
EMOJI_BITMAP = 109  # the only size of Noto's bitmaps, which are 136 by 128
# Characters that are drawn as one: one with its modifiers, several that are joined, two halves of a flag.
CLUSTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|.[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]*(?:\u200d.[\ufe0f\U0001f3fb-\U0001f3ff]*)*",
    re.DOTALL,
)
AS_EMOJI = re.compile("[\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff]|[\U0001f1e6-\U0001f1ff]{2}")
NOTHING = "\uffff"  # is no character, so a font draws for it what it draws for what it has not


class PngUnavailable(LookupError):
    """PNG needs Pillow and a font, one of which this machine does not have."""

    code = "unavailable"


@dataclass(frozen=True)
class Run:
    """A part of a text that one font draws, *width* pixels wide; without *font* it is an emoji."""

    text: str
    font: Any
    width: float


@cache
def folder() -> Path:
    """Return the folder with the fonts for PNG."""
    for place in map(Path, FOLDERS):
        if all((place / name).is_file() for name in FACES.values()):
            return place
    raise PngUnavailable("png needs DejaVu Sans Mono (Debian: fonts-dejavu-core)")


@cache
def faces() -> dict[str, Any]:
    """Return the faces of DejaVu Sans Mono by Pygments' names for them."""
    return {face: _open(str(folder() / name), SIZE) for face, name in FACES.items()}


def runs(text: str, face: Any) -> Iterator[Run]:
    """Divide *text*, to be drawn with *face*, among the fonts that have its characters."""
    plain = ""
    for cluster in CLUSTER.findall(text):
        kind = _kind(cluster)
        if kind == "plain" and _is_in(face, cluster):
            plain += cluster
            continue
        if plain:
            yield _run(plain, face)
            plain = ""
        if kind == "plain":  # upright, since it is neither bold nor slanted
            yield _run(cluster, faces()["NORMAL"])
        elif kind == "cjk":
            wide = unicodedata.east_asian_width(cluster[0]) in "WF"
            yield Run(cluster, _fallback(CJK, CJK_SIZE), CELLS if wide else CELLS / 2)
        elif kind == "emoji":
            yield Run(cluster, None, CELLS)
    if plain:
        yield _run(plain, face)


def _run(text: str, face: Any) -> Run:
    return Run(text, face, face.getbbox(text)[2])


def is_plain(text: str, face: Any) -> bool:
    """Whether *face* alone draws *text*."""
    return text.isascii() or all(
        _kind(cluster) == "plain" and _is_in(face, cluster) for cluster in CLUSTER.findall(text)
    )


@lru_cache(maxsize=512)
def emoji(cluster: str) -> Any:
    """Return the picture of an emoji."""
    from PIL import Image, ImageDraw

    large = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(large).text((0, 0), cluster, font=_fallback(EMOJI, EMOJI_BITMAP), embedded_color=True)
    return large.resize((EMOJI_SIZE, EMOJI_SIZE), Image.Resampling.LANCZOS)


@lru_cache(maxsize=16384)
def _kind(cluster: str) -> str:
    if cluster.isascii():
        return "plain"
    if cluster in "\ufe0e\ufe0f\u200d\u20e3":  # the character that they modify is in another token
        return "nothing"
    emoji_font, first = _fallback(EMOJI, EMOJI_BITMAP), cluster[0]
    if emoji_font and AS_EMOJI.search(cluster) and _has(emoji_font, first):
        return "emoji"
    base = faces()["NORMAL"]
    if _has(base, first):
        return "plain"
    if (font := _fallback(CJK, CJK_SIZE)) and _has(font, first):
        return "cjk"
    if emoji_font and _has(emoji_font, first):
        return "emoji"
    return "nothing" if unicodedata.category(first) in ("Mn", "Me", "Cf") else "plain"


@lru_cache(maxsize=16384)
def _is_in(face: Any, cluster: str) -> bool:
    return cluster.isascii() or _has(face, cluster[0])


def _has(font: Any, character: str) -> bool:
    return _drawn(font, character) != _drawn(font, NOTHING)


def _drawn(font: Any, character: str) -> bytes:
    coloured = font.size == EMOJI_BITMAP
    mask = font.getmask(character, mode="RGBA" if coloured else "L")
    return b"%d %d " % mask.size + bytes(mask.getband(3) if coloured else mask)


@cache
def _fallback(places: tuple[str, ...], size: int) -> Any:
    """Return the font at the first of *places* that is there, or None."""
    for place in places:
        if Path(place).is_file():
            return _open(place, size)
    return None


def _open(place: str, size: int) -> Any:
    from PIL import ImageFont

    # Raqm puts clusters together, and takes 0.7 ms a call with a font of many characters, which need none of that.
    engine = ImageFont.Layout.BASIC if size == CJK_SIZE else None
    return ImageFont.truetype(place, size, layout_engine=engine)
