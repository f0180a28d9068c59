"""What a camera or a person wrote is gone, or kept as far as it was asked for, and makes no picture unreadable."""

import re
import struct
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mergepoint.thumbnail import Spec, info, thumbnail
from mergepoint.thumbnail.codecs.metadata import photoshop_segment
from tests.thumbnail import pictures
from tests.thumbnail.bombs import chunk

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
PICTURE = Image.fromarray(pictures.flag(60, 40))
DESCRIPTION = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:r="http://ns.adobe.com/xap/1.0/rights/" tiff:Orientation="6" tiff:Make="SECRET-make" '
    b'r:WebStatement="OWNER-page"><dc:rights>OWNER-rights</dc:rights><dc:subject>SECRET-subject</dc:subject>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
MARKS = re.compile(rb"SECRET[-\w]*|OWNER[-\w]*|Exif|eXIf|tEXt|zTXt|iTXt|tIME|prVt|8BIM|MPF\0|NETSCAPE|xmpmeta")


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010F], made[0x8298], made[0x013B] = "SECRET-maker", "OWNER-copyright", "OWNER-artist"
    made.get_ifd(0x8825)[29] = "SECRET-place"
    made.get_ifd(0x8769)[0x9286] = b"SECRET-comment"
    return made


def dataset(number: int, text: bytes) -> bytes:
    return b"\x1c\x02" + struct.pack(">BH", number, len(text)) + text


IPTC = dataset(80, b"OWNER-byline") + dataset(90, b"SECRET-city") + dataset(116, b"OWNER-notice")


def jpeg() -> bytes:
    data = pictures.saved(PICTURE, "JPEG", exif=exif(), comment=b"SECRET-comment", xmp=DESCRIPTION)
    several = b"\xff\xe2" + struct.pack(">H", 26) + b"MPF\0" + b"SECRET-mpf".ljust(20, b"\0")
    return data[:2] + several + photoshop_segment(IPTC) + data[2:] + b"SECRET-trailer"


def png() -> bytes:
    words = PngInfo()
    words.add_text("Comment", "SECRET-text")
    words.add_text("Packed", "SECRET-packed " * 50, zip=True)
    words.add_itxt("XML:com.adobe.xmp", DESCRIPTION.decode())
    data = pictures.saved(PICTURE, "PNG", exif=exif(), pnginfo=words)
    more = chunk(b"tIME", bytes([7, 230, 1, 1, 1, 1, 1])) + chunk(b"prVt", b"SECRET-private")
    return data[:33] + more + data[33:] + b"SECRET-trailer"


def gif() -> bytes:
    data = pictures.saved(PICTURE, "GIF", comment=b"SECRET-comment")
    return data[:-1] + b"\x21\xff\x0bSECRETappli\x03abc\0\x21\xfe\x06SECRET\0;"


SOURCES: dict[str, Callable[[], bytes]] = {
    "JPEG": jpeg,
    "PNG": png,
    "GIF": gif,
    "WEBP": lambda: pictures.saved(PICTURE, "WEBP", exif=exif(), xmp=DESCRIPTION),
    "AVIF": lambda: pictures.saved(PICTURE, "AVIF", exif=exif(), xmp=DESCRIPTION),
}


def marks(data: bytes, **wanted: object) -> set[bytes]:
    return set(MARKS.findall(thumbnail(data, Spec(width=30, **wanted)).bytes))  # type: ignore[arg-type]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("format", FORMATS)
class TestEveryFormat:
    def test_nothing_is_left(self, source: str, format: str) -> None:
        data = SOURCES[source]()
        assert b"SECRET" in data
        assert marks(data, format=format) == set()

    def test_who_made_it_is_kept_on_request_and_nothing_else(self, source: str, format: str) -> None:
        kept = marks(SOURCES[source](), format=format, keep_copyright=True)
        names = {mark for mark in kept if mark.startswith((b"OWNER", b"SECRET"))}
        notes = {b"OWNER-copyright", b"OWNER-artist", b"OWNER-rights", b"OWNER-page"}
        expected = set() if "GIF" in (source, format) else notes
        if (source, format) == ("JPEG", "JPEG"):
            expected = notes | {b"OWNER-byline", b"OWNER-notice"}
        assert names == expected

    def test_all_is_kept_on_request_but_the_orientation(self, source: str, format: str) -> None:
        if "GIF" in (source, format):
            return
        kept = thumbnail(SOURCES[source](), Spec(width=30, format=format, strip=False))
        assert {b"SECRET-maker", b"SECRET-place", b"SECRET-make", b"SECRET-subject"} <= set(MARKS.findall(kept.bytes))
        assert pictures.opened(kept.bytes).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("auto_rotate", [True, False])
def test_the_orientation_is_never_kept(auto_rotate: bool) -> None:
    notes = exif()
    notes[0x0112] = 6
    kept = thumbnail(pictures.saved(PICTURE, "JPEG", exif=notes), Spec(strip=False, auto_rotate=auto_rotate))
    assert (kept.width, kept.height) == ((40, 60) if auto_rotate else (60, 40))
    assert 0x0112 not in pictures.opened(kept.bytes).getexif()


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_orientation_in_xmp_does_not_count(source: str) -> None:
    """Browsers do not see it, and nobody shall be surprised by the small picture."""
    assert info(SOURCES[source]())["width"] == 60


HOSTILE = {
    "nothing": b"Exif\0\0",
    "no header": b"Exif\0\0nonsense",
    "a loop": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
    "an offset beyond": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "65535 entries": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(100),
    "a long string": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x98\x82\x02\0\xff\xff\xff\x7f\x1a\0\0\0\0\0\0\0",
    "an orientation of text": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x02\0\0\0A\0\0\0\0\0\0\0",
    "an orientation of 9": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0\0\0\0\0",
    "copyright in numbers": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x98\x82\x05\0\x01\0\0\0\x1a\0\0\0\0\0\0\0" + bytes(8),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [{}, {"keep_copyright": True}, {"strip": False}])
def test_notes_that_cannot_be_read_are_not_there(name: str, format: str, kept: dict[str, bool]) -> None:
    data = pictures.saved(PICTURE, format, exif=HOSTILE[name])
    assert thumbnail(data, Spec(width=30, **kept)).width == 30
    assert info(data)["orientation"] == 1


@pytest.mark.parametrize(
    "packet",
    [
        b"<", b"\xff\xfe", b"<a/>", b"no xml", bytes(100),
        b'<!DOCTYPE a [<!ENTITY b "OWNER">]><a>&b;</a>',
        DESCRIPTION.replace(b"</dc:rights>", b""),
    ],
)  # fmt: skip
def test_a_packet_that_cannot_be_read_is_not_there(packet: bytes) -> None:
    data = pictures.saved(PICTURE, "JPEG", xmp=packet)
    assert marks(data, keep_copyright=True) == set()
    assert thumbnail(data, Spec(width=30, strip=False)).width == 30


def test_notes_too_long_for_the_format_are_left_out() -> None:
    notes = exif()
    notes[0x8298] = "OWNER " * 20_000
    data = pictures.saved(PICTURE, "PNG", exif=notes)
    for format in FORMATS:
        assert marks(data, format=format, keep_copyright=True) == set()


def test_an_old_profile_of_imagemagick_is_read() -> None:
    notes = Image.Exif()
    notes[0x0112] = 6
    words = PngInfo()
    written = notes.tobytes()
    words.add_text("Raw profile type exif", f"\nexif\n{len(written):8}\n{written.hex()}\n", zip=True)
    assert info(pictures.saved(PICTURE, "PNG", pnginfo=words))["orientation"] == 6
    words = PngInfo()
    words.add_text("Raw profile type exif", "nonsense")
    assert info(pictures.saved(PICTURE, "PNG", pnginfo=words))["orientation"] == 1
