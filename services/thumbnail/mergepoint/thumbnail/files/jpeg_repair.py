"""Repairs damaged JPEG (ITU-T T.81): keeps the undamaged part and adds an end. Knows no decoder.

libjpeg decodes as much as it can of every file that has an end. To find the missing rows, a second version has noise
before its end: rows that differ come from the noise.
"""

import re
import struct
from dataclasses import dataclass, field

from ..errors import MOST_PARTS, TooManyParts

START, END = b"\xff\xd8", b"\xff\xd9"
MARKER = re.compile(rb"\xff+[^\xff\0]", re.DOTALL)
# A marker after compressed pixels, in which 0xff00 is a byte of data and 0xffd0 to 0xffd7 are restart markers
AFTER_PIXELS = re.compile(rb"\xff+[^\xff\0\xd0-\xd7]", re.DOTALL)
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # start of frame, in all its kinds
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
SOS, EOI = 0xDA, 0xD9
NOISE = bytes(range(1, 255)) * 8  # it contains no marker


@dataclass
class Repaired:
    """A repaired file.

    *data* has an end; *other* is the same with noise before it. *no_end* says that the original had no end.
    *coarse* says that the finished scans of a progressive file show the whole picture, in whatever detail; *complete*
    that every component has all its scans. *extraneous* says that there were bytes between markers.
    """

    data: bytes = b""
    other: bytes = b""
    no_end: bool = True
    coarse: bool = False
    complete: bool = False
    extraneous: bool = False


def repair(data: bytes) -> Repaired:
    """Return the undamaged part of *data*; raise IndexError if it has no pixels, TooManyParts above MOST_PARTS."""
    made, scans = Repaired(), _Scans()
    parts, at = [START], 2
    for _ in range(MOST_PARTS):
        marked = MARKER.search(data, at)
        if not marked:
            break
        made.extraneous = made.extraneous or marked.start() > at
        marker, at = data[marked.end() - 1], marked.end()
        if marker == EOI:
            made.no_end = False
            break
        if marker in ALONE:
            continue
        if at + 2 > len(data) or at + (length := int.from_bytes(data[at : at + 2], "big")) > len(data):
            break
        segment = data[at : at + length]
        at += length
        parts.append(bytes([0xFF, marker]) + segment)
        if marker in SOF:
            scans.begin(marker, segment)
        if marker == SOS:
            after = AFTER_PIXELS.search(data, at)
            end = after.start() if after else len(data)
            parts.append(data[at:end].rstrip(b"\xff"))
            scans.add(segment, whole=after is not None)
            at = end
    else:
        raise TooManyParts
    if not scans.begun:
        raise IndexError
    made.coarse, made.complete = scans.progressive and scans.coarse, scans.complete
    whole = b"".join(parts)
    made.data, made.other = whole + END, whole + NOISE + END
    return made


@dataclass
class _Scans:
    """The scans so far: for each component, how many bits of a block's first and last coefficients are still missing
    (T.81, G.1.1.1)."""

    progressive: bool = False
    first: dict[int, int] = field(default_factory=dict)
    rest: dict[int, int] = field(default_factory=dict)
    begun: bool = False
    coarse: bool = False
    UNKNOWN = 99

    def begin(self, marker: int, frame: bytes) -> None:
        names = [frame[8 + 3 * number] for number in range(frame[7])]
        self.progressive = marker in PROGRESSIVE
        self.first, self.rest = dict.fromkeys(names, self.UNKNOWN), dict.fromkeys(names, self.UNKNOWN)

    def add(self, scan: bytes, *, whole: bool) -> None:
        self.begun = True
        count = scan[2]
        names = [scan[3 + 2 * number] for number in range(count)]
        start, end, precision = struct.unpack_from("BBB", scan, 3 + 2 * count)
        left = precision & 15 if self.progressive else 0
        for name in names:
            if start == 0 and name in self.first:
                self.first[name] = min(self.first[name], left)
            if (end == 63 or not self.progressive) and name in self.rest:
                self.rest[name] = min(self.rest[name], left)
        if whole or self.coarse:
            self.coarse = all(bits < self.UNKNOWN for bits in self.first.values())

    @property
    def complete(self) -> bool:
        return not any(self.first.values()) and not any(self.rest.values())
