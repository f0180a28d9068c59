"""Writes pixels as a file: at one quality, or at the best quality that stays within a number of bytes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..errors import DoesNotFit
from ..files.png import apng
from ..pixels import palettes
from ..pixels.effects import with_alpha
from ..pixels.scaling import Pixels
from . import png
from .metadata import Metadata, photoshop_segment

# AVIF has another scale: at 63 it looks and scores like a JPEG at 80.
QUALITY = {"JPEG": 80, "WEBP": 80, "AVIF": 63}
ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
ALPHA = ("PNG", "GIF", "WEBP", "AVIF")
VP8X_ALPHA = 0x10  # RFC 9649, 2.7
LOWEST = 5
PROGRESSIVE_FROM = 10 << 10  # bytes: a smaller JPEG becomes larger if it is progressive
LOSSLESS_EFFORT = 50  # of 100: a higher effort hardly saves bytes
COLOURS = (256, 128, 64, 32, 16, 8, 4, 2)
Save = Callable[[int], bytes]


@dataclass(frozen=True)
class LaterFrames:
    """The frames after the first; the duration of every frame, the first included, in milliseconds; and how often the
    animation plays (0 means for ever)."""

    frames: Sequence[Pixels] = ()
    durations: Sequence[int] = ()
    plays: int = 0

    def reduce_colours(self, colours: int) -> "LaterFrames":
        return replace(self, frames=[_reduce_colours(frame, colours) for frame in self.frames])


@dataclass(frozen=True)
class Style:
    """How pixels are written.

    *palette* gives a PNG a palette if its colours fit in one; *few* is the most colours that it then may have, and 0
    keeps all. *lossless* is for WebP, *progressive* for JPEG.
    """

    palette: bool = False
    few: int = 0
    lossless: bool = False
    progressive: bool = False


@dataclass(frozen=True)
class Extras:
    """The parts of a file other than the pixels of its first frame, and its style."""

    metadata: Metadata = field(default_factory=Metadata)
    icc: bytes = b""
    later: LaterFrames = field(default_factory=LaterFrames)
    style: Style = field(default_factory=Style)

    def options(self, format: str) -> dict[str, Any]:
        found: dict[str, Any] = {"icc_profile": self.icc} if self.icc else {}
        if format == "GIF":
            return found
        if self.metadata.exif:
            found["exif"] = self.metadata.exif
        if self.metadata.xmp and format == "PNG":
            found["pnginfo"] = PngInfo()
            found["pnginfo"].add_itxt("XML:com.adobe.xmp", self.metadata.xmp.decode("utf-8", "replace"))
        elif self.metadata.xmp:
            found["xmp"] = self.metadata.xmp
        if self.metadata.iptc and format == "JPEG":
            found["extra"] = photoshop_segment(self.metadata.iptc)
        return found


def encode(pixels: Pixels, format: str, quality: int | None, max_bytes: int | None, extras: Extras) -> bytes:
    """Return *pixels* as a file of *format*, Pillow's name.

    *quality* is from 1 to 100; None means the format's default. With *max_bytes* the file has the highest quality, up
    to *quality*, that fits; formats without a quality get fewer colours. Raises DoesNotFit if nothing fits.
    """
    if extras.later.frames:
        pixels, *frames = _match_channels([pixels, *extras.later.frames])
        extras = replace(extras, later=replace(extras.later, frames=frames))
    if format in QUALITY:
        image, best = _to_image(pixels), quality or QUALITY[format]
        return _find_best_quality(lambda number: _save_lossy(image, format, number, extras), best, max_bytes)
    return _fewer_colours(pixels, format, max_bytes, extras)


def _find_best_quality(save: Save, quality: int, max_bytes: int | None) -> bytes:
    """Return the file that *save* makes at the highest quality, up to *quality*, that has at most *max_bytes*."""
    data = save(quality)
    if not max_bytes or len(data) <= max_bytes:
        return data
    low, high, fits = LOWEST, quality - 1, None
    while low <= high:
        middle = (low + high) // 2
        data = save(middle)
        if len(data) <= max_bytes:
            low, fits = middle + 1, data
        else:
            high = middle - 1
    if fits is None:
        raise DoesNotFit(f"max_bytes: at the lowest quality the file has {len(data)} bytes; ask for fewer pixels", data)
    return fits


def _save_lossy(image: Image.Image, format: str, quality: int, extras: Extras) -> bytes:
    options: dict[str, Any] = {"quality": quality, **extras.options(format)}
    if format == "JPEG":
        # Below quality 90, half the resolution of colours makes no visible difference.
        options |= {"subsampling": "4:4:4" if quality >= 90 else "4:2:0"}
        data = _save(image, format, **options)
        if extras.style.progressive and len(data) >= PROGRESSIVE_FROM:
            return min(data, _save(image, format, progressive=True, **options), key=len)
        return data
    if format == "WEBP":
        if extras.style.lossless and not extras.later.frames:
            return _save(image, format, **options | {"lossless": True, "quality": LOSSLESS_EFFORT})
        options |= {"method": 2}  # 4, the default, takes twice as long for 5 % less
        if extras.later.frames:
            return _save_webp_animation(image, options, extras.later)
    else:
        options |= {"speed": 8, "max_threads": 1}  # 6, the default, takes three times as long for 6 % less
        if extras.later.frames:
            options |= _animation_options(extras.later)
    return _save(image, format, **options)


def _fewer_colours(pixels: Pixels, format: str, max_bytes: int | None, extras: Extras) -> bytes:
    """Return a PNG or GIF. If it exceeds *max_bytes*, it gets fewer and fewer colours."""
    image = _to_image(pixels)
    data = _gif(image, 256, extras) if format == "GIF" else _png(pixels, extras)
    if not max_bytes or len(data) <= max_bytes:
        return data
    for count in COLOURS:
        if format == "GIF":
            data = _gif(image, count, extras)
        elif extras.later.frames:
            data = _png(_reduce_colours(pixels, count), replace(extras, later=extras.later.reduce_colours(count)))
        else:
            data = _indexed_png(image, count, extras)
        if len(data) <= max_bytes:
            return data
    raise DoesNotFit(
        f"max_bytes: with {COLOURS[-1]} colours the file has {len(data)} bytes; ask for fewer pixels", data
    )


def _png(pixels: Pixels, extras: Extras) -> bytes:
    later, animation = extras.later, None
    if extras.style.palette and not later.frames:
        return _small_png(pixels, extras)
    if later.frames:
        frames = [apng.LaterFrame(*frame) for frame in zip(later.frames, later.durations[1:], strict=True)]
        animation = png.Animation(frames, later.durations[0], later.plays)
    return png.write(pixels, extras.metadata.exif, extras.metadata.xmp, extras.icc, animation)


def _small_png(pixels: Pixels, extras: Extras) -> bytes:
    """Return a PNG of *pixels*, with a palette if they have at most 256 colours, or if the style limits them."""
    metadata = (extras.metadata.exif, extras.metadata.xmp, extras.icc)
    few, most = palettes.find(pixels), extras.style.few
    if most and pixels.shape[2] == 1:
        pixels = palettes.round_levels(pixels, most)
        few = palettes.find(pixels)
    if few:
        indexed = png.write_indexed(few, *metadata)
        return indexed if most else min(indexed, png.write(pixels, *metadata), key=len)
    return _indexed_png(_to_image(pixels), most, extras) if most else png.write(pixels, *metadata)


def _match_channels(frames: Sequence[Pixels]) -> Sequence[Pixels]:
    """Return *frames* with the same channels: grey if all are grey, with alpha if any has alpha."""
    if len({frame.shape[2] for frame in frames}) == 1:
        return frames
    alpha = any(frame.shape[2] in (2, 4) for frame in frames)
    return [with_alpha(frame) if alpha else with_alpha(frame)[..., :3] for frame in frames]


def _indexed_png(image: Image.Image, colours: int, extras: Extras) -> bytes:
    return _save(_quantize(image, colours), "PNG", **extras.options("PNG"))


def _gif(image: Image.Image, colours: int, extras: Extras) -> bytes:
    later, options = extras.later, extras.options("GIF")
    images = [image, *map(_to_image, later.frames)]
    if later.frames:
        if any(shown.mode in ("LA", "RGBA") for shown in images):
            # Transparent pixels must not show the frame before. For that, Pillow needs alpha in all frames.
            images = [shown.convert("RGBA") for shown in images]
            options["disposal"] = 2
        again = {} if later.plays == 1 else {"loop": max(0, later.plays - 1)}
        options |= {"save_all": True, "duration": list(later.durations), **again}
    first, *frames = [_index_for_gif(shown, colours) for shown in images]
    return _save(first, "GIF", append_images=frames, **options)


def _animation_options(later: LaterFrames) -> dict[str, Any]:
    frames = [_to_image(frame) for frame in later.frames]
    return {"save_all": True, "append_images": frames, "duration": list(later.durations)}


def _save_webp_animation(image: Image.Image, options: dict[str, Any], later: LaterFrames) -> bytes:
    options |= _animation_options(later) | {"loop": later.plays}
    frames = options["append_images"]
    data = bytearray(_save(image, "WEBP", **options))
    if any(frame.mode in ("LA", "RGBA") for frame in (image, *frames)) and data[12:16] == b"VP8X":
        data[20] |= VP8X_ALPHA  # libwebp forgets the flag if only the part outside all frames is transparent
    return bytes(data)


def _index_for_gif(image: Image.Image, colours: int) -> Image.Image:
    """Return *image* with a palette for GIF, where a pixel is either transparent or opaque."""
    if image.mode not in ("LA", "RGBA"):
        return _quantize(image, colours)
    few = image.convert("RGB").quantize(colours - 1, method=Image.Quantize.MEDIANCUT)
    few.paste(colours - 1, mask=image.getchannel("A").point(lambda alpha: 255 * (alpha < 128)))
    few.info["transparency"] = colours - 1
    return few


def _quantize(image: Image.Image, colours: int) -> Image.Image:
    if image.mode in ("LA", "RGBA"):
        return image.convert("RGBA").quantize(colours, method=Image.Quantize.FASTOCTREE)
    return image.convert("RGB").quantize(colours, method=Image.Quantize.MEDIANCUT)


def _reduce_colours(pixels: Pixels, colours: int) -> Pixels:
    """Return *pixels* with at most *colours* colours."""
    image = _to_image(pixels)
    return np.asarray(_quantize(image, colours).convert("RGBA" if image.mode in ("LA", "RGBA") else "RGB"))


def _to_image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _save(image: Image.Image, format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()
