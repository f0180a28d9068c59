"""One opened file: its header, its metadata, and all frames that can be decoded.

Damage is found here: by the file's structure before decoding, and by its decoder afterwards. The repair of each format
is in jpeg.py and decoding.py, and in files/: damage.py, webp_repair.py, png/, tiff/, bmp/
"""

import math
from collections.abc import Iterator

from ..errors import BrokenImage
from ..files import gif, webp_repair
from ..files.bmp import ico
from ..files.damage import ENDS, Damage, Salvaged
from ..files.header import Header, check_size
from ..files.png import apng
from ..files.png import repair as png_repair
from ..files.probe import read_header
from ..pixels import canvas, contrast
from ..pixels.orientation import ORIENTATIONS, Orientation
from ..pixels.scaling import Pixels
from ..spec import Limits
from . import jpeg, stills
from .decoding import Opened, decoding, from_inks, of_gif

# Loading a JPEG at half its size averages stored levels, not light. The difference is visible only where contrasts are
# fine: in drawings and screenshots, whose colours have full resolution, and in a few photographs (contrast.py).
HALF_FROM = 3.5
MANY, SPARE = 30_000_000, 1.4  # a JPEG of more pixels than MANY is loaded at no more than SPARE times the wanted size
MOST_LOADED = 50_000_000  # pixels that fit in memory
WHOLE_UP_TO = 8_000_000  # pixels: a larger picture is loaded smaller even if it has fine colours, to save memory


class Picture:
    """A file's *header*, its size in pixels as loaded, its *icc* profile, its orientation and its *damage*.

    *frames* is the number that the caller wants; 0 means all. *strict* also looks for damage that changes no pixel.
    Raises NotAnImage, BrokenImage or ImageTooLarge.
    """

    def __init__(self, data: bytes, limits: Limits, *, frames: int = 1, strict: bool = False) -> None:
        self.header = read_header(data, limits.more_formats)
        self.frames = min(self.header.frames, frames or self.header.frames)
        check_size(self.header, self.frames, limits)
        self.data = data
        self.damage: Damage | None = None
        self._most = max(self.header.pixels, limits.pixels_for(self.header.format))
        self._first: Pixels | None = None
        self._most_eighths = 8
        self._versions: list[Opened] = []
        self.plays = 1
        self.width, self.height = self.header.size
        if self.header.format in stills.READERS:
            self._read_still(strict)
        else:
            self._read_file(strict)

    def _read_file(self, strict: bool) -> None:
        with decoding():
            self._opened = self._open(strict)
        self.metadata = self._opened.metadata
        self.mode, self.icc = self._opened.mode, self._opened.icc
        self.plays = _count_plays(self._opened.image.info.get("loop"), self.header.format)
        if self.header.format == "PNG" and self.header.frames > 1:
            self.plays = apng.plays(self.data)
        if self.header.format != "GIF":
            self.width, self.height = self._opened.size

    def _read_still(self, strict: bool) -> None:
        if self.header.format == "ICO" and (icon := ico.largest(self.data)).is_png:
            part = Picture(icon.data, Limits(pixels=self._most), strict=strict)
            still = stills.Still(part.first(), part.damage or ico.damage(self.data), part.icc, part.metadata)
        else:
            still = stills.read(self.data, self.header.format, self._most)
        self._first, self.damage, self.icc, self.metadata = still.pixels, still.damage, still.icc, still.metadata
        self.mode = "RGB"

    @property
    def orientation(self) -> Orientation:
        return ORIENTATIONS[self.metadata.orientation]

    def shrink_for(self, scale: float) -> None:
        """Load a JPEG smaller if scaling it by *scale* afterwards hides the difference."""
        if self.header.format == "JPEG" and (eighths := _eighths(self.header, scale)) < 8:
            self._opened.reduce(eighths)
            self._most_eighths = _eighths(self.header, scale, fine=True)
            self.width, self.height = self._opened.size

    def first(self) -> Pixels:
        """Return the pixels of the first frame; raise BrokenImage if no row can be decoded."""
        if self._first is None:
            with decoding():
                self._first = self._read_first()
        return self._first

    def all(self) -> Iterator[tuple[Pixels, int]]:
        """Yield the pixels of each frame, and its duration in milliseconds.

        A truncated animation ends with its last whole frame. Raises BrokenImage if there is none.
        """
        frames, count = self._frames(), 0
        while True:
            try:
                with decoding():
                    shown = next(frames, None)
            except BrokenImage as error:
                if not count:
                    raise
                self.damage = self.damage or Damage(str(error), later=True)
                return
            if shown is None:
                return
            count += 1
            yield shown

    def _open(self, strict: bool) -> Opened:
        """Return the opened file, repaired if it is damaged."""
        format = self.header.format
        self.damage = _find_damage(self.data, format, strict=strict)
        try:
            if format == "GIF":
                return self._open_gif()
            if format == "JPEG" or not self.damage:
                return Opened(self.data, format, self._most)
        except BrokenImage:
            if format == "JPEG":
                raise
        return self._salvage()

    def _open_gif(self) -> Opened:
        try:
            return Opened(self.data, "GIF", self._most)
        except BrokenImage:
            return Opened(gif.still(self.data).file(), "GIF", self._most)

    def _salvage(self) -> Opened:
        def load(data: bytes) -> Pixels:
            opened = Opened(data, self.header.format, self._most)
            pixels = opened.pixels()
            self._versions.append(opened)
            return pixels

        if self.header.format == "PNG":
            found = png_repair.salvage(self.data, load)
        else:
            found = webp_repair.salvage(self.data, self.header.format, load)
        self._take(found)
        return self._versions[-1]

    def _take(self, found: Salvaged) -> Pixels:
        self.damage, self._first = found.damage, found.pixels
        return found.pixels

    def _read_first(self) -> Pixels:
        if self.header.format == "GIF":
            return canvas.first(next(self._gif_layers()), *self.header.size)
        if self.header.format == "PNG" and self.frames > 1:
            for shown, _ in self._frames():
                return shown
        if self.header.format == "JPEG":
            return self._read_jpeg()
        try:
            return self._opened.pixels()
        except BrokenImage:
            self._salvage()
            return self.first()

    def _read_jpeg(self) -> Pixels:
        pixels = self._opened.fast()
        if pixels is not None and self._opened.eighths < self._most_eighths and contrast.loses(pixels):
            self._opened.reduce(self._most_eighths)
            pixels = self._opened.fast()
        if pixels is not None:
            return pixels
        if self._opened.mode in jpeg.SPACES:
            try:
                inks = (lambda pixels: from_inks(pixels, self.icc)) if self.mode == "CMYK" else (lambda pixels: pixels)
                return self._take(jpeg.salvage(self.data, self._opened.mode, *self._opened.size, inks))
            except BrokenImage:
                pass  # Pillow's decoder may read more
        return self._opened.pixels()

    def _frames(self) -> Iterator[tuple[Pixels, int]]:
        if self.header.format == "GIF":
            yield from canvas.frames(self._gif_layers(), *self.header.size)
            return
        if self.header.format == "PNG":
            yield from canvas.frames(self._png_layers(), *self.header.size)
            return
        if self.header.format in stills.READERS:
            yield self.first(), 0
            return
        for number in range(self.frames):
            shown, *others = [opened.frame(number) for opened in self._versions[-2:] or [self._opened]]
            if number and any((other != shown[0]).any() for other, _ in others):
                raise BrokenImage("the file ends before its last frame")
            yield (self.first() if number == 0 else shown[0]), shown[1]

    def _png_layers(self) -> Iterator[canvas.Layer]:
        for number, frame in enumerate(apng.frames(self.data)):
            part = Picture(frame.file, Limits(pixels=self._most))
            yield canvas.Layer(part.first(), frame.left, frame.top, frame.duration, frame.disposal, frame.over)
            if part.damage:
                self.damage = Damage(part.damage.what, missing=not number, later=bool(number))
                return

    def _gif_layers(self) -> Iterator[canvas.Layer]:
        for number, frame in enumerate(gif.frames(self.data)):
            pixels, whole = of_gif(frame, self._most)
            if not whole:
                self.damage = Damage(ENDS, missing=not number, later=bool(number))
            yield canvas.Layer(pixels, frame.left, frame.top, frame.duration, frame.disposal)


def _eighths(header: Header, scale: float, *, fine: bool = False) -> int:
    """Return at how many eighths of its size a JPEG is loaded, from 1 to 8, to be scaled by *scale* afterwards.

    *fine* says that single pixels matter, so it is loaded as large as memory allows.
    """
    fine = fine or (not header.half and header.pixels <= WHOLE_UP_TO)
    wanted = 4 if scale <= 1 / HALF_FROM and not fine else 8
    if header.pixels > MANY:
        wanted = min(wanted, max(4, math.ceil(8 * SPARE * scale)))
    room = int(8 * (MOST_LOADED / header.pixels) ** 0.5)
    return max(1, min(wanted, room))


def _find_damage(data: bytes, format: str, *, strict: bool) -> Damage | None:
    """Return the damage that a file's structure shows; with *strict*, also damage that only its pixels show."""
    if format == "PNG":
        return png_repair.damage(data) or (png_repair.pixel_damage(data) if strict else None)
    if format == "GIF":
        whole = gif.is_complete(data) and (not strict or all(frame.whole for frame in gif.frames(data)))
        return None if whole else Damage("has no end")
    if format in ("WEBP", "AVIF", "HEIF"):
        found = webp_repair.repair(data, format)
        return Damage(found.what, bool(found.missing), found.later) if found else None
    return None


def _count_plays(loop: int | None, format: str) -> int:
    """Return how often an animation plays; 0 means for ever. In a GIF, *loop* counts the repetitions only."""
    if format != "GIF":
        return loop or 0
    return loop + 1 if loop else (1 if loop is None else 0)
