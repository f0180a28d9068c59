"""Decodes a picture once, in the size that the largest of the answers needs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from .codecs.pictures import Picture
from .errors import BrokenImage
from .files.embedded import thumbnail_within
from .pixels import smart_crop
from .pixels.geometry import plan
from .pixels.orientation import QUARTERS, Orientation
from .pixels.scaling import Pixels, resize
from .spec import Limits, Position, Spec

DEEP_ENOUGH = 8  # bits of a grey sample: a source with fewer bits has few colours


def load(data: bytes, specs: Sequence[Spec], limits: Limits) -> "LoadedPicture":
    """Return the picture in *data*, or the embedded thumbnail if all *specs* ask for it and it can be opened.

    Raises NotAnImage, BrokenImage, ImageTooLarge and ImpossibleSize.
    """
    most = max((spec.frames or limits.frames + 1) for spec in specs)
    frames = most if most <= limits.frames else 0
    small = thumbnail_within(data) if all(spec.embedded for spec in specs) else None
    if small:
        with suppress(BrokenImage):
            return LoadedPicture(Picture(small, limits, frames=frames), specs, limits)
    strict = any(spec.strict for spec in specs)
    return LoadedPicture(Picture(data, limits, frames=frames, strict=strict), specs, limits)


class LoadedPicture:
    """A decoded *picture*.

    *width* and *height* are its full size; *pixels*, its first frame, may be fewer if it was loaded smaller.
    """

    def __init__(self, picture: Picture, specs: Sequence[Spec], limits: Limits) -> None:
        self.picture = picture
        self.limits = limits
        self.width, self.height = picture.width, picture.height
        if not any(spec.trim for spec in specs):
            picture.shrink_for(max(map(self._scale, specs)))
        self.pixels = picture.first()
        self._small: Pixels | None = None

    def camera_orientation(self, spec: Spec) -> Orientation:
        """Return the orientation that turns the picture upright, or none if *spec* does not want that."""
        return self.picture.orientation if spec.auto_rotate else Orientation()

    def orientation(self, spec: Spec) -> Orientation:
        """Return the whole orientation of the answer: upright, then as *spec* says."""
        upright = self.camera_orientation(spec)
        return upright.then(QUARTERS[spec.rotate // 90 % 4]).then(Orientation(mirror=spec.flip[0], flip=spec.flip[1]))

    def small(self) -> Pixels:
        """Return a small copy of the whole picture, not turned, in which smart_crop finds the best part."""
        if self._small is None:
            scale = min(1.0, smart_crop.SIDE / max(self.width, self.height))
            self._small = resize(self.pixels, max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        return self._small

    @property
    def has_few_colours(self) -> bool:
        """Whether the source has a palette, or few levels of grey."""
        header = self.picture.header
        return header.palette or (header.space == "grey" and header.depth < DEEP_ENOUGH)

    def _scale(self, spec: Spec) -> float:
        """Return the factor by which *spec* scales the picture. It does not depend on the position of the crop."""
        width, height = self.orientation(spec).size(self.width, self.height)
        anywhere = replace(spec, position=Position(), crop=spec.crop and replace(spec.crop, position=None))
        made = plan((0.0, 0.0, width, height), anywhere, lambda *_: (0.0, 0.0), most=self.limits.side)
        left, top, right, bottom = made.box
        return max(made.width / (right - left), made.height / (bottom - top))
