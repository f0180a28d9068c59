"""The calls of this service by name, for every face: TASKS do the work, ``bounded`` does it in the sandbox.

A picture takes two calls there. The first reads its header; the pixels that it announces set the second's deadline.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mergepoint.kit.dispatch import Answer, Task
from mergepoint.kit.options import Options
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded, Sandbox
from mergepoint.kit.sandboxed import run_in_sandbox

from . import core, sets
from .files.probe import read_header
from .info import info
from .options import InfoOptions, MeasureOptions, RenderOptions, SetOptions, ThumbnailOptions, spec_of
from .spec import Limits, Spec

# Reading a header takes a millisecond, in the largest file some ten.
HEADER_DEADLINE = 0.25
# Measured: at most 30 ms to decode a million pixels, 4 to scale them, 300 to write a million (AVIF). Four times that.
PER_MILLION_OF = {"HEIF": 0.3, "TIFF": 0.3}  # three times the cost of noise; a damaged TIFF is decoded twice
DEADLINE, PER_MILLION_READ, PER_MILLION_WRITTEN, LONGEST_DEADLINE = 0.5, 0.15, 1.2, 10.0
# JPEG and PNG say all that is needed in their first bytes, in all but few files; larger ones are not sent twice.
HEAD, TELL_AT_ONCE = 1 << 16, ("JPEG", "PNG")
TRIES = 4  # the search for a quality writes the file about seven times, most of them small


DEFAULT = Limits()


def thumbnail(options: ThumbnailOptions) -> Answer:
    """Make one picture small. Only a server has presets."""
    if options.preset:
        raise Problem.field("preset", f"no preset is called {options.preset!r}", code="unknown_preset")
    return _answer(core.thumbnail(options.image, spec_of(options)))


def render(options: RenderOptions) -> Answer:
    """Make one picture as a Spec says."""
    return _answer(core.thumbnail(options.image, options.spec))


def measure(options: MeasureOptions, limits: Limits = DEFAULT) -> Answer:
    """Return the format, size and frames that a file announces."""
    header = read_header(options.image, limits.more_formats)
    size = {"width": header.width, "height": header.height, "pixels": header.pixels, "frames": header.frames}
    return Answer.json({"format": header.format, **size})


def describe(options: InfoOptions, limits: Limits = DEFAULT) -> Answer:
    """Describe one picture."""
    found = info(options.image, limits=limits)
    return replace(Answer.json(found), meta=_degraded_header(found["degraded"]))


def make_set(options: SetOptions, limits: Limits = DEFAULT) -> Answer:
    """Make one picture small in several widths and formats."""
    widths, formats = _sizes_and_formats(options)
    files = sets.make(options.image, spec_of(options), widths, formats, options.name, limits)
    about = sets.manifest(files, options.sizes)
    meta = _degraded_header(any(file.made.degraded for file in files))
    if options.archive == "zip":
        return Answer(sets.as_zip(files, about), "application/zip", meta)
    body, boundary = sets.as_multipart(files, about)
    return Answer(body, f"multipart/mixed; boundary={boundary}", meta)


def _sizes_and_formats(options: SetOptions) -> tuple[list[int], list[str]]:
    formats = dict.fromkeys(name.upper() for name in options.formats.split(","))
    return sorted(set(map(int, options.widths.split(",")))), list(formats)


TASKS: Mapping[str, Task] = {
    "thumbnail": thumbnail,
    "info": describe,
    "set": make_set,
    "render": render,
    "measure": measure,
}


def limited(limits: Limits) -> Mapping[str, Task]:
    """Return TASKS with other *limits* than the default."""

    def limited_thumbnail(options: ThumbnailOptions) -> Answer:
        return _answer(core.thumbnail(options.image, spec_of(options), limits=limits))

    def limited_render(options: RenderOptions) -> Answer:
        return _answer(core.thumbnail(options.image, options.spec, limits=options.limits or limits))

    def limited_info(options: InfoOptions) -> Answer:
        return describe(options, limits)

    def limited_set(options: SetOptions) -> Answer:
        return make_set(options, limits)

    def limited_measure(options: MeasureOptions) -> Answer:
        return measure(options, limits)

    return {
        "thumbnail": limited_thumbnail,
        "info": limited_info,
        "set": limited_set,
        "render": limited_render,
        "measure": limited_measure,
    }


def deadline(announced: Mapping[str, Any], specs: list[Spec], limits: Limits) -> float:
    """Return how many seconds the work may take, from the pixels that a file announces and those that are wanted."""
    seconds = DEADLINE
    read = PER_MILLION_OF.get(announced.get("format", ""), PER_MILLION_READ)
    most = 0
    for spec in specs:
        frames = min(spec.frames or announced["frames"], announced["frames"])
        most = max(most, announced["pixels"] * frames)
        seconds += _output_pixels(announced["pixels"], spec, limits) * frames * PER_MILLION_WRITTEN / 1e6
    return min(seconds + most * read / 1e6, LONGEST_DEADLINE)


def _output_pixels(pixels: int, spec: Spec, limits: Limits) -> float:
    """Return the most pixels that are encoded for an answer, the attempts for max_bytes included."""
    top, right, bottom, left = spec.padding
    width = min(((spec.width or limits.side) * spec.zoom[0] + left + right) * spec.dpr, limits.side)
    height = min(((spec.height or limits.side) * spec.zoom[1] + top + bottom) * spec.dpr, limits.side)
    grows = spec.upscale or spec.extend or spec.extend_ratio or spec.min_width or spec.min_height or any(spec.padding)
    made = width * height if grows or spec.fit == "pad" else min(pixels, width * height)
    return made * (TRIES if spec.max_bytes else 1)


def bounded(sandbox: Sandbox, limits: Limits) -> Mapping[str, Task]:
    """Return TASKS as *sandbox* does them, each call within its deadline."""

    def measure_head_first(image: bytes) -> Mapping[str, Any]:
        if len(image) > HEAD:
            with suppress(Problem):
                announced = measure_bytes(image[:HEAD])
                if announced["format"] in TELL_AT_ONCE:
                    return announced
        return measure_bytes(image)

    def measure_bytes(image: bytes) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(bounded_measure(MeasureOptions(image=image)).body)
        return found

    def within(name: str, options: Options, image: bytes, specs: list[Spec]) -> Answer:
        seconds = deadline(measure_head_first(image), specs, limits)
        try:
            return run_in_sandbox(sandbox, "thumbnail", name, options, deadline=seconds)
        except DeadlineExceeded:
            raise Problem("too_slow", f"the picture took longer than {seconds:.1f} s") from None

    def bounded_measure(options: MeasureOptions) -> Answer:
        try:
            return run_in_sandbox(sandbox, "thumbnail", "measure", options, deadline=HEADER_DEADLINE)
        except DeadlineExceeded:
            raise Problem("too_slow", "the header took too long to read") from None

    def bounded_thumbnail(options: ThumbnailOptions) -> Answer:
        return within("thumbnail", options, options.image, [spec_of(options)])

    def bounded_render(options: RenderOptions) -> Answer:
        return within("render", options, options.image, [options.spec])

    def bounded_info(options: InfoOptions) -> Answer:
        return within("info", options, options.image, [Spec(width=32)])

    def bounded_set(options: SetOptions) -> Answer:
        widths, formats = _sizes_and_formats(options)
        base = spec_of(options)
        return within("set", options, options.image, [replace(base, width=width) for width in widths for _ in formats])

    return {
        "thumbnail": bounded_thumbnail,
        "info": bounded_info,
        "set": bounded_set,
        "render": bounded_render,
        "measure": bounded_measure,
    }


def _answer(made: core.Thumbnail) -> Answer:
    sizes = {
        "X-Origin-Width": made.origin_width,
        "X-Origin-Height": made.origin_height,
        "X-Result-Width": made.width,
        "X-Result-Height": made.height,
    }
    meta = {name: str(size) for name, size in sizes.items()}
    return Answer(made.bytes, made.type, meta | _degraded_header(made.degraded))


def _degraded_header(degraded: bool) -> dict[str, str]:
    """Return the header of an answer where pixels are missing."""
    return {"Mergepoint-Degraded": "truncated"} if degraded else {}
