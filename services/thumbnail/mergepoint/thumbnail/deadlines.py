"""Runs each call of a server in the sandbox, within a deadline.

A picture takes two calls there. The first reads its header; the number of its pixels sets the deadline of the second.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options
from mergepoint.kit.problems import Problem
from mergepoint.kit.sandbox import DeadlineExceeded
from mergepoint.kit.sandboxed import TaskSandbox

from .options import InfoOptions, MeasureOptions, RenderOptions, SetOptions, ThumbnailOptions, spec_of
from .spec import Limits, Spec
from .tasks import widths_and_formats

# Seconds. Reading a header takes a millisecond, in the largest file some ten.
HEADER_DEADLINE = 0.25
# Seconds for each million pixels, four times the measured cost: at most 30 ms to decode a million pixels, 4 ms to scale
# them, 300 ms to write them (AVIF).
PER_MILLION_OF = {"HEIF": 0.3, "TIFF": 0.3}  # three times the cost of noise; a damaged TIFF is decoded twice
DEADLINE, PER_MILLION_READ, PER_MILLION_WRITTEN, LONGEST_DEADLINE = 0.5, 0.15, 1.2, 10.0
# Nearly all JPEG and PNG have their header in the first HEAD bytes, so that larger files need not be sent twice.
HEAD, TELL_AT_ONCE = 1 << 16, ("JPEG", "PNG")
TRIES = 4  # the search for a quality writes the file about seven times, most of them small


class Deadlines:
    """The calls, each within its deadline. *limits* bound the size of an answer, and so the work on it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def thumbnail(self, sandbox: TaskSandbox, options: ThumbnailOptions) -> Answer:
        """Make one picture small."""
        return self._within(sandbox, "thumbnail", options, options.image, [spec_of(options)])

    def render(self, sandbox: TaskSandbox, options: RenderOptions) -> Answer:
        """Make one picture as a Spec says."""
        return self._within(sandbox, "render", options, options.image, [options.spec])

    def info(self, sandbox: TaskSandbox, options: InfoOptions) -> Answer:
        """Describe one picture."""
        return self._within(sandbox, "info", options, options.image, [Spec(width=32)])

    def make_set(self, sandbox: TaskSandbox, options: SetOptions) -> Answer:
        """Make one picture small in several widths and formats."""
        widths, formats = widths_and_formats(options)
        base = spec_of(options)
        specs = [replace(base, width=width) for width in widths for _ in formats]
        return self._within(sandbox, "set", options, options.image, specs)

    def _within(self, sandbox: TaskSandbox, name: str, options: Options, image: bytes, specs: list[Spec]) -> Answer:
        seconds = deadline(_measure_head_first(sandbox, image), specs, self._limits)
        try:
            return sandbox.run(name, options, deadline=seconds)
        except DeadlineExceeded:
            raise Problem("too_slow", f"the picture took longer than {seconds:.1f} s") from None


def measure(sandbox: TaskSandbox, options: MeasureOptions) -> Answer:
    """Return the format, size and frames that a file announces."""
    try:
        return sandbox.run("measure", options, deadline=HEADER_DEADLINE)
    except DeadlineExceeded:
        raise Problem("too_slow", "the header took too long to read") from None


def _measure_head_first(sandbox: TaskSandbox, image: bytes) -> Mapping[str, Any]:
    if len(image) > HEAD:
        with suppress(Problem):
            announced = _measure_bytes(sandbox, image[:HEAD])
            if announced["format"] in TELL_AT_ONCE:
                return announced
    return _measure_bytes(sandbox, image)


def _measure_bytes(sandbox: TaskSandbox, image: bytes) -> Mapping[str, Any]:
    announced: Mapping[str, Any] = json.loads(measure(sandbox, MeasureOptions(image=image)).body)
    return announced


def deadline(announced: Mapping[str, Any], specs: list[Spec], limits: Limits) -> float:
    """Return how many seconds the work on *specs* may take, at most LONGEST_DEADLINE.

    *announced* is the answer of ``measure``; the deadline grows with the pixels to read and to write.
    """
    seconds = DEADLINE
    read = PER_MILLION_OF.get(announced.get("format", ""), PER_MILLION_READ)
    most = 0
    for spec in specs:
        frames = min(spec.frames or announced["frames"], announced["frames"])
        most = max(most, announced["pixels"] * frames)
        seconds += _output_pixels(announced["pixels"], spec, limits) * frames * PER_MILLION_WRITTEN / 1e6
    return min(seconds + most * read / 1e6, LONGEST_DEADLINE)


def _output_pixels(pixels: int, spec: Spec, limits: Limits) -> float:
    """Return the most pixels that are encoded for an answer, including the attempts for max_bytes."""
    top, right, bottom, left = spec.padding
    width = min(((spec.width or limits.side) * spec.zoom[0] + left + right) * spec.dpr, limits.side)
    height = min(((spec.height or limits.side) * spec.zoom[1] + top + bottom) * spec.dpr, limits.side)
    grows = spec.upscale or spec.extend or spec.extend_ratio or spec.min_width or spec.min_height or any(spec.padding)
    made = width * height if grows or spec.fit == "pad" else min(pixels, width * height)
    return made * (TRIES if spec.max_bytes else 1)
