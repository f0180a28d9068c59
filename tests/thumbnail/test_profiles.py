"""Colours are what their profile, or a number (ITU-T H.273), says they are, and become sRGB."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from mergepoint.thumbnail import Spec, info, thumbnail
from mergepoint.thumbnail.files.cicp import profile_of
from tests.thumbnail import pictures
from tests.thumbnail.bombs import chunk
from tests.thumbnail.profiles import SPACES, grey_profile

FLAG = pictures.flag(64, 48)


class TestProfiles:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_a_profile_of_inks_is_never_kept_with_colours(self, format: str) -> None:
        inks = Image.fromarray(FLAG).convert("CMYK")
        data = pictures.saved(inks, "JPEG", quality=95, icc_profile=bytes(16) + b"CMYK" + bytes(200))
        kept = thumbnail(data, Spec(format=format, keep_profile=True)).bytes
        assert "icc_profile" not in pictures.opened(kept).info

    def test_where_no_profile_can_be_kept_colours_are_converted(self) -> None:
        wide = SPACES["Adobe RGB"]
        data = pictures.file(pictures.plain(40, 40, (120, 130, 90)), "PNG", icc_profile=wide.profile())
        gif = thumbnail(data, Spec(format="GIF", keep_profile=True)).bytes
        assert abs(pictures.pixels(gif)[5, 5] - wide.in_srgb((120, 130, 90))).max() <= 6

    @pytest.mark.parametrize("name", SPACES)
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize("levels", [(120, 130, 90), (200, 180, 160), (90, 110, 140), (255,) * 3, (230, 40, 40)])
    def test_a_wide_gamut_becomes_srgb(self, name: str, format: str, levels: tuple[int, ...]) -> None:
        data = pictures.file(pictures.plain(48, 48, levels), format, icc_profile=SPACES[name].profile())
        shown = pictures.pixels(thumbnail(data, Spec(width=16, format="PNG")).bytes)[8, 8]
        assert abs(shown - SPACES[name].in_srgb(levels)).max() <= (3 if format == "PNG" else 6)

    @pytest.mark.parametrize(("level", "shown"), [(0, 0), (255, 255), (128, 100)])
    def test_grey_has_profiles_too(self, level: int, shown: int) -> None:
        """Of a curve with the exponent 3: 128 is darker than in sRGB."""
        data = pictures.file(np.full((8, 8), level, np.uint8), "PNG", icc_profile=grey_profile(3.0))
        assert abs(int(pictures.pixels(thumbnail(data, Spec()).bytes)[4, 4, 0]) - shown) <= 3
        assert info(data)["profile"]


class TestNumbers:
    """Colours may be named by number; a dull green of Display P3 has other numbers in sRGB."""

    GREEN = pictures.plain(40, 40, (60, 200, 90))

    def avif(self, primaries: int, transfer: int, **more: object) -> bytes:
        data = pictures.file(self.GREEN, "AVIF", subsampling="4:4:4", **more)
        at = data.index(b"nclx") + 4
        return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]

    def png(self, *numbers: int, **more: object) -> bytes:
        data = pictures.file(self.GREEN, "PNG", **more)
        return data[:33] + chunk(b"cICP", bytes([*numbers, 0, 1])) + data[33:]

    @pytest.mark.parametrize(
        ("primaries", "transfer", "shown"),
        [
            (12, 13, (0, 203, 73)),
            (12, 1, (0, 203, 73)),
            (9, 13, (0, 210, 70)),
            (1, 13, (60, 200, 90)),
            (2, 2, (60, 200, 90)),
            (77, 13, (60, 200, 90)),
        ],
    )
    @pytest.mark.parametrize("format", ["avif", "png"])
    def test_they_become_srgb(self, primaries: int, transfer: int, shown: tuple[int, ...], format: str) -> None:
        data = getattr(self, format)(primaries, transfer)
        small = thumbnail(data, Spec(width=20, format="PNG")).bytes
        assert abs(pictures.pixels(small)[10, 10].astype(int) - shown).max() <= 8
        assert info(data)["profile"] == ({12: "Display P3", 9: "Rec. 2020"}.get(primaries))

    @pytest.mark.parametrize(("candelas", "shown"), [(0, 0), (203 / 4, 137), (203, 255), (1000, 255), (2, 28)])
    @pytest.mark.parametrize("primaries", [1, 9, 12])
    def test_of_what_is_brighter_than_white_white_is_left(self, candelas: float, shown: int, primaries: int) -> None:
        """PQ: grey of so many candelas, where 203 are white."""
        power = (candelas / 10_000) ** 0.1593017578125
        level = round(255 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
        data = pictures.file(pictures.plain(40, 40, (level,) * 3), "PNG")
        small = thumbnail(data[:33] + chunk(b"cICP", bytes([primaries, 16, 0, 1])) + data[33:], Spec(width=20))
        assert abs(pictures.pixels(small.bytes)[10, 10].astype(int) - shown).max() <= 4

    @pytest.mark.parametrize(("level", "shown"), [(0, 0), (0.5, 137), (0.75, 255), (1, 255)])
    def test_hybrid_brightness_is_shown_up_to_white(self, level: float, shown: int) -> None:
        """HLG: three quarters are white; at one half there is (1/12)^1.2 of a thousand candelas, a quarter of white."""
        data = pictures.file(pictures.plain(40, 40, (round(level * 255),) * 3), "PNG")
        small = thumbnail(data[:33] + chunk(b"cICP", bytes([9, 18, 0, 1])) + data[33:], Spec(width=20))
        assert abs(pictures.pixels(small.bytes)[10, 10].astype(int) - shown).max() <= 5

    @pytest.mark.parametrize(
        ("chunks", "shown"),
        [
            ({b"gAMA": 100_000}, 188),  # light itself
            ({b"gAMA": 55_556}, 145),
            ({b"gAMA": 45_455}, 128),  # sRGB's, or near
            ({b"gAMA": 0}, 128),
            ({b"gAMA": 2**32 - 1}, 128),
            ({b"sRGB": 0, b"gAMA": 100_000}, 128),
        ],
    )
    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_the_curve_of_a_png_counts_where_it_says_nothing_better(
        self, chunks: dict[bytes, int], shown: int, mode: str
    ) -> None:
        data = pictures.saved(Image.new(mode, (20, 20), (128,) * 3), "PNG")
        more = b"".join(
            chunk(name, bytes([0]) if name == b"sRGB" else struct.pack(">I", value)) for name, value in chunks.items()
        )
        small = thumbnail(data[:33] + more + data[33:], Spec(width=10))
        assert abs(pictures.pixels(small.bytes)[5, 5].astype(int) - shown).max() <= 2

    def test_a_number_goes_before_a_profile_in_png_and_after_one_in_avif(self) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        assert info(self.png(12, 13, icc_profile=srgb))["profile"] == "Display P3"
        assert info(self.avif(12, 13, icc_profile=srgb))["profile"] == "sRGB built-in"

    def test_the_profile_is_kept_on_request(self) -> None:
        kept = thumbnail(self.avif(12, 13), Spec(format="JPEG", keep_profile=True)).bytes
        assert info(kept)["profile"] == "Display P3"
        assert abs(pictures.pixels(kept)[10, 10].astype(int) - (60, 200, 90)).max() <= 6

    def test_a_number_cut_off_is_none(self) -> None:
        data = self.png(12, 13)
        for lie in (struct.pack(">I", 0), struct.pack(">I", 2**31 - 1), b"\xff\xff\xff\xff"):
            profile_of(data[:33] + lie + data[37:], "PNG")
        for end in range(len(data)):
            profile_of(data[:end], "PNG")
