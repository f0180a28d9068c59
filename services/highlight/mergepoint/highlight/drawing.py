"""SVG and PNG: Pygments' formatters, made fit for an <img> and for machines without fontconfig."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from pygments.formatters.svg import SvgFormatter
from pygments.token import Token

from . import marks
from .marks import Marks

# DejaVu Sans Mono, where Debian, Fedora, Alpine and Arch put it. No other font is ever opened.
FONT_FOLDERS = (
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
FONT_SIZE = 14
MOST_PIXELS = 40_000_000
# Characters that XML 1.0 has no way to write (section 2.2); control characters have pictures at U+2400.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CELL_WIDTH = 0.61  # of the font size: the advance of common monospaced fonts, rounded up


class OutputTooLarge(ValueError):
    """The picture would have more pixels than any screen shows."""

    code = "output_too_large"


class PngUnavailable(LookupError):
    """PNG needs Pillow and a font, one of which this machine does not have."""

    code = "unavailable"


class SizedSvgFormatter(SvgFormatter):
    """SVG with a size and a background, so that an ``<img>`` shows all of it and dark styles can be read."""

    def __init__(self, marked: Marks = (), **options: Any) -> None:
        super().__init__(**options, nowrap=True)  # our frame, not Pygments' own
        self._marked = marked

    def format_unencoded(self, tokensource: Iterable[tuple[Any, str]], outfile: TextIO) -> None:
        tokens = [(kind, NOT_XML.sub(_picture, value)) for kind, value in tokensource]
        inner = StringIO()
        super().format_unencoded(tokens, inner)
        width, height = self._size("".join(value for _, value in tokens))
        outfile.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n'
            f'<rect width="100%" height="100%" fill="{self.style.background_color}"/>\n'
            f"{''.join(self._tints())}"
            f'<g font-family="monospace" font-size="{FONT_SIZE}px"{self._get_style(Token)}>\n'
            f"{inner.getvalue()}</g></svg>\n"
        )

    def _tints(self) -> Iterator[str]:
        for line, kinds in self._marked:
            top = (line - 1) * self.ystep + 3  # text stands on y = FONT_SIZE, and comes down to about 4 below that
            for kind in kinds:
                colour = "#{:02x}{:02x}{:02x}".format(*marks.KINDS[kind][0])
                place = f'y="{top}" height="{self.ystep}" fill="{colour}"'
                yield f'<rect width="100%" {place} fill-opacity="{marks.TINT}"/><rect width="2" {place}/>\n'

    def _size(self, text: str) -> tuple[int, int]:
        lines = text.removesuffix("\n").split("\n")
        gutter = self.linenowidth + self.ystep if self.linenos else 0
        columns = max(_columns(line.expandtabs()) for line in lines)
        return round(columns * FONT_SIZE * CELL_WIDTH) + gutter + 8, len(lines) * self.ystep + 6


def png_formatter(marked: Marks = (), **options: Any) -> Any:
    """Return Pygments' image formatter, drawing with DejaVu Sans Mono from a known folder; *marked* are lines."""
    from pygments.formatters import img

    if not img.pil_available:
        raise PngUnavailable("png needs Pillow")

    class Fonts(img.FontManager):
        def __init__(self) -> None:
            self.variable = False
            self.fonts = _fonts()

    class PngFormatter(img.ImageFormatter):
        def __init__(self) -> None:
            super().__init__(
                **options,
                font_name=str(font_folder() / FACES["NORMAL"]),
                font_size=FONT_SIZE,
            )
            self.fonts = Fonts()
            self.fontw, self.fonth = self.fonts.get_char_size()

        def _get_image_size(self, longest: int, lines: int) -> tuple[int, int]:
            width, height = super()._get_image_size(longest, lines)
            if width * height > MOST_PIXELS:
                raise OutputTooLarge(f"a picture of {width} by {height} pixels; {MOST_PIXELS} are allowed")
            return width, height

        def _paint_line_number_bg(self, im: Any) -> None:
            super()._paint_line_number_bg(im)
            _tint(self, im, marked)

    return PngFormatter()


def _tint(formatter: Any, image: Any, marked: Marks) -> None:
    """Paint the lines that are *marked*, with a bar at their left, where the text has not been drawn yet."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    left = formatter.image_pad + formatter.line_number_width - formatter.line_number_pad + 1
    for line, kinds in marked:
        top = formatter._get_line_y(line - 1)
        bottom = top + formatter._get_line_height() - 1
        draw.rectangle((left, top, image.size[0], bottom), fill=marks.over(formatter.background_color, kinds[-1]))
        draw.rectangle((left, top, left + 1, bottom), fill=marks.KINDS[kinds[-1]][0])


@cache
def font_folder() -> Path:
    """Return the folder with the fonts for PNG."""
    for folder in map(Path, FONT_FOLDERS):
        if all((folder / name).is_file() for name in FACES.values()):
            return folder
    raise PngUnavailable("png needs DejaVu Sans Mono (Debian: fonts-dejavu-core)")


@cache
def _fonts() -> dict[str, Any]:
    from PIL import ImageFont

    return {face: ImageFont.truetype(str(font_folder() / name), FONT_SIZE) for face, name in FACES.items()}


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
