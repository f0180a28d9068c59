"""The calls: each turns its options into an Answer by the core, within limits on pixels. Knows no sandbox."""

from dataclasses import replace

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.problems import Problem

from . import core, sets
from .files.probe import read_header
from .info import info
from .options import InfoOptions, MeasureOptions, RenderOptions, SetOptions, ThumbnailOptions, spec_of
from .sizes import size_headers
from .spec import Limits


class Tasks:
    """The calls, with *limits* on the pictures that they read and make."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def thumbnail(self, options: ThumbnailOptions) -> Answer:
        """Make one picture small. Raises a Problem if a preset is named, since only a server has presets."""
        if options.preset:
            raise Problem.field("preset", f"no preset is called {options.preset!r}", code="unknown_preset")
        return _answer(core.thumbnail(options.image, spec_of(options), limits=self._limits))

    def render(self, options: RenderOptions) -> Answer:
        """Make one picture as a Spec says."""
        return _answer(core.thumbnail(options.image, options.spec, limits=options.limits or self._limits))

    def measure(self, options: MeasureOptions) -> Answer:
        """Return the format, size and frames in a file's header."""
        header = read_header(options.image, self._limits.more_formats)
        size = {"width": header.width, "height": header.height, "pixels": header.pixels, "frames": header.frames}
        return Answer.json({"format": header.format, **size})

    def info(self, options: InfoOptions) -> Answer:
        """Describe one picture."""
        found = info(options.image, limits=self._limits)
        return replace(Answer.json(found), meta=_degraded_header(found["degraded"]))

    def make_set(self, options: SetOptions) -> Answer:
        """Make one picture small in several widths and formats."""
        widths, formats = widths_and_formats(options)
        files = sets.make(options.image, spec_of(options), widths, formats, options.name, self._limits)
        about = sets.manifest(files, options.sizes)
        meta = _degraded_header(any(file.made.degraded for file in files))
        if options.archive == "zip":
            return Answer(sets.as_zip(files, about), "application/zip", meta)
        body, boundary = sets.as_multipart(files, about)
        return Answer(body, f"multipart/mixed; boundary={boundary}", meta)


def widths_and_formats(options: SetOptions) -> tuple[list[int], list[str]]:
    """Return the widths of a set, in pixels, and Pillow's names of its formats, each once."""
    formats = dict.fromkeys(name.upper() for name in options.formats.split(","))
    return sorted(set(map(int, options.widths.split(",")))), list(formats)


def _answer(made: core.Thumbnail) -> Answer:
    sizes = size_headers(made.origin_width, made.origin_height, made.width, made.height)
    return Answer(made.bytes, made.type, sizes | _degraded_header(made.degraded))


def _degraded_header(degraded: bool) -> dict[str, str]:
    """Return the header that marks an answer with missing pixels."""
    return {"Mergepoint-Degraded": "truncated"} if degraded else {}
