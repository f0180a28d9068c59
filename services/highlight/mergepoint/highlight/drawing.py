"""SVG and PNG: Pygments' formatters, made fit for an <img> and for machines without fontconfig."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, TextIO

from pygments.formatters.svg import SvgFormatter
from pygments.token import Token

from . import fonts, marks
from .fonts import PngUnavailable
from .marks import Marks

FONT_SIZE = fonts.SIZE
MOST_PIXELS = 40_000_000
# Characters that XML 1.0 has no way to write (section 2.2); control characters have pictures at U+2400.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CELL_WIDTH = 0.61  # of the font size: the advance of common monospaced fonts, rounded up


class OutputTooLarge(ValueError):
    """The picture would have more pixels than any screen shows."""

    code = "output_too_large"


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
    """Return Pygments' image formatter, drawing with our fonts; *marked* are lines."""
    from pygments.formatters import img

    if not img.pil_available:
        raise PngUnavailable("png needs Pillow")

    class Fonts(img.FontManager):
        def __init__(self) -> None:
            self.variable = False
            self.fonts = fonts.faces()

        def get_text_size(self, text: str) -> tuple[int, int]:
            plain = fonts.is_plain(text, face := self.fonts["NORMAL"])
            if plain and len(text) > MOST_PIXELS // FONT_SIZE:  # a pixel a letter at least; to measure it takes long
                raise OutputTooLarge(f"a line of {len(text)} characters; a picture may have {MOST_PIXELS} pixels")
            width, height = super().get_text_size(text)
            if not plain:
                width = round(sum(run.width for run in fonts.runs(text, face)))
            return width, height

    class PngFormatter(img.ImageFormatter):
        def __init__(self) -> None:
            super().__init__(
                **options,
                font_name=str(fonts.folder() / fonts.FACES["NORMAL"]),
                font_size=FONT_SIZE,
            )
            self.fonts = Fonts()
            self.fontw, self.fonth = self.fonts.get_char_size()
            self._lit: list[int] = list(self.hl_lines)
            self.hl_lines: list[int] = []  # we draw them, so that what is ours is above
            self._emoji: list[tuple[tuple[int, int], str]] = []

        def _get_image_size(self, longest: int, lines: int) -> tuple[int, int]:
            width, height = super()._get_image_size(longest, lines)
            if width * height > MOST_PIXELS:
                raise OutputTooLarge(f"a picture of {width} by {height} pixels; {MOST_PIXELS} are allowed")
            return width, height

        def _draw_text(self, pos: tuple[int, int], text: str, font: Any, text_fg: str, text_bg: str | None) -> None:
            if fonts.is_plain(text, font):
                super()._draw_text(pos, text, font, text_fg, text_bg)
                return
            x, y = float(pos[0]), pos[1]
            for run in fonts.runs(text, font):
                if run.font is None:
                    self._emoji.append(((round(x) + 1, y), run.text))
                else:
                    inset = (
                        0.0 if run.font in self.fonts.fonts.values() else (run.width - run.font.getlength(run.text)) / 2
                    )
                    rise = font.getmetrics()[0] - run.font.getmetrics()[0]  # to stand on the same line
                    super()._draw_text((round(x + inset), y + rise), run.text, run.font, text_fg, text_bg)
                x += run.width

        def _paint_line_number_bg(self, im: Any) -> None:
            super()._paint_line_number_bg(im)
            _light(self, im, self._lit, marked)
            for pos, cluster in self._emoji:
                picture = fonts.emoji(cluster)
                im.paste(picture, pos, picture)

    return PngFormatter()


def _light(formatter: Any, image: Any, lit: Iterable[int], marked: Marks) -> None:
    """Paint lines that are *lit*, and those *marked* with a bar at their left, where no text is drawn yet."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    left = formatter.image_pad + formatter.line_number_width - formatter.line_number_pad + 1
    height = formatter._get_line_height()
    for line in lit:  # to the pixel as Pygments does
        top = formatter._get_line_y(line - 1)
        draw.rectangle((left, top, image.size[0], top + height), fill=formatter.hl_color)
    for line, kinds in marked:
        top = formatter._get_line_y(line - 1)
        bottom = top + height - 1
        draw.rectangle((left, top, image.size[0], bottom), fill=marks.over(formatter.background_color, kinds[-1]))
        draw.rectangle((left, top, left + 1, bottom), fill=marks.KINDS[kinds[-1]][0])


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
