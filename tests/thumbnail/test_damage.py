"""Damaged files are shown as far as browsers show them, and further; what is missing is said. One policy for all."""

from typing import ClassVar

import pytest
from flask.testing import FlaskClient

from mergepoint.thumbnail import BrokenImage, Spec, Thumbnail, info, thumbnail
from tests.thumbnail import damage, pictures
from tests.thumbnail.containers import avif_grid, parts
from tests.thumbnail.damage import KINDS, MOVING_KINDS, Kind


def made(data: bytes, wanted: Spec = Spec(format="PNG")) -> Thumbnail:  # noqa: B008
    return thumbnail(data, wanted, limits=damage.LIMITS)


def good_rows(data: bytes, of: str) -> int:
    """Return how many rows of a picture are those of the whole file, from the first that is stored; missing ones are
    transparent."""
    shown = pictures.pixels(data, "RGBA")
    whole = pictures.pixels(made(damage.whole(of)).bytes, "RGBA")
    if of.startswith("BMP") or of == "ICO":
        shown, whole = shown[::-1], whole[::-1]
    good = (abs(shown.astype(int) - whole).mean(axis=(1, 2)) < 30) & (shown[..., 3] == 255).all(axis=1)
    return len(good) if good.all() else int(good.argmin())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_can_be_decoded_is_shown(kind: Kind) -> None:
    wanted = Spec(format="PNG")
    if kind.outcome == "broken":
        with pytest.raises(BrokenImage):
            made(kind.data, wanted)
        return
    shown = made(kind.data, wanted)
    assert (shown.width, shown.height) == (damage.WIDTH, damage.HEIGHT)
    assert shown.degraded == (kind.outcome == "missing")
    if kind.name != "other pixels" and "progressive" not in kind.of:
        rows = good_rows(shown.bytes, kind.of)
        assert rows >= 1
        assert (rows == damage.HEIGHT) == (kind.outcome != "missing") or "interlaced" in kind.of or "lost" in kind.name


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_whoever_is_strict_gets_whole_files_alone(kind: Kind) -> None:
    wanted = Spec(width=8, format="PNG", strict=True)
    if kind.outcome == "whole":
        assert made(kind.data, wanted).damage is None
    else:
        with pytest.raises(BrokenImage, match=r"the (file|PNG|picture) "):
            made(kind.data, wanted)


@pytest.mark.parametrize("of", sorted({kind.of for kind in [*KINDS, *MOVING_KINDS]}))
def test_nothing_is_wrong_with_a_whole_file(of: str) -> None:
    assert made(damage.whole(of), Spec(width=8, frames=0, format="WEBP", strict=True)).damage is None


@pytest.mark.parametrize("kind", MOVING_KINDS, ids=str)
def test_an_animation_goes_as_far_as_it_can_be_read(kind: Kind) -> None:
    shown = thumbnail(kind.data, Spec(width=48, frames=0, format="WEBP"))
    frames = pictures.opened(shown.bytes).n_frames  # type: ignore[attr-defined]
    assert shown.degraded == (kind.outcome == "missing")
    assert frames == 4 or (kind.outcome == "missing" and frames in (3, 4))
    assert not thumbnail(kind.data, Spec(width=48, format="PNG")).degraded


@pytest.mark.parametrize("format", ["JPEG", "CMYK", "PNG", "WEBP"])
def test_what_is_missing_takes_the_background(format: str) -> None:
    if format == "CMYK":
        whole = pictures.saved(pictures.image(damage.photograph()).convert("CMYK"), "JPEG", quality=90)
    else:
        whole = pictures.file(damage.photograph(), format)
    half = thumbnail(whole[: len(whole) * 6 // 10], Spec(format="JPEG", background=(0, 255, 0), quality=95))
    below = pictures.pixels(half.bytes)[-1]
    assert half.degraded
    assert abs(below.astype(int) - (0, 255, 0)).max() < 12


def seen_part(data: bytes) -> float:
    """Return how much of a damaged picture is to be seen; raise BrokenImage."""
    shown = thumbnail(data, Spec(format="PNG"))
    assert shown.degraded
    return float((pictures.pixels(shown.bytes, "RGBA")[..., 3] > 0).mean())


class TestGrids:
    """Pictures of tiles that stand in the file one after another, as telephones write them."""

    TILES: ClassVar = [[pictures.photograph(64 * (2 * row + at), 64)[:, -64:] for at in (1, 2)] for row in range(3)]
    WHOLE = avif_grid(TILES)

    @pytest.mark.parametrize("rows", [1, 2])
    def test_rows_of_tiles_that_are_there_are_shown(self, rows: int) -> None:
        start = next(start for kind, start, _ in damage.boxes(self.WHOLE) if kind == b"mdat")
        there = sum(len(parts(tile)[1]) for row in self.TILES[:rows] for tile in row)
        shown = thumbnail(self.WHOLE[: start + 8 + 8 + there], Spec(format="PNG"))
        whole = pictures.pixels(thumbnail(self.WHOLE, Spec(format="PNG")).bytes, "RGBA")
        assert shown.degraded
        seen = pictures.pixels(shown.bytes, "RGBA")
        last = 64 * rows - 1  # whose colours are mixed with those of the row below
        assert (seen[:last] == whole[:last]).all()
        assert not seen[64 * rows :, :, 3].any()

    @pytest.mark.parametrize("part", [0.4, 0.55, 0.7, 0.85, 0.95])
    def test_the_more_is_there_the_more_is_seen(self, part: float) -> None:
        assert seen_part(damage.cut(part)(self.WHOLE)) >= part / 3


@pytest.mark.parametrize("part", [0.5, 0.7, 0.9, 0.99])
def test_of_tiles_beside_each_other_those_that_are_there_are_shown(part: float) -> None:
    """Encoders of AV1 divide large pictures so, to decode them on several processors."""
    whole = pictures.file(pictures.photograph(640, 480), "AVIF")
    assert seen_part(damage.cut(part)(whole)) >= part / 5


def test_a_picture_whose_last_bytes_are_missing_is_shown() -> None:
    fine = pictures.saved(pictures.image(pictures.photograph(300, 200)), "AVIF", quality=100, subsampling="4:4:4")
    for count in (1, 2, 10, 100):
        assert seen_part(damage.without_last(count)(fine)) > 0.5


class TestAnswers:
    HALF = damage.cut_scan(0.5)(damage.whole("JPEG"))

    def test_pixels_that_are_missing_are_said_and_not_kept(self, client: FlaskClient) -> None:
        answer = client.post("/thumbnail?width=40", data=self.HALF)
        assert answer.status_code == 200
        assert answer.headers["Mergepoint-Degraded"] == "truncated"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers

    def test_whoever_is_strict_is_told_what_is_wrong(self, client: FlaskClient) -> None:
        answer = client.post("/thumbnail?width=40&strict=1", data=self.HALF)
        assert (answer.status_code, answer.json["code"]) == (422, "broken_image")
        assert "ends too early" in answer.json["detail"]

    @pytest.mark.parametrize("path", ["info", "set?widths=20&formats=png"])
    def test_every_call_says_it(self, path: str, client: FlaskClient) -> None:
        answer = client.post(f"/thumbnail/{path}", data=self.HALF)
        assert (answer.status_code, answer.headers["Mergepoint-Degraded"]) == (200, "truncated")

    def test_what_makes_no_difference_is_not_said(self, client: FlaskClient) -> None:
        answer = client.post("/thumbnail?width=40", data=damage.without_last(1)(damage.whole("JPEG")))
        assert (answer.status_code, "Mergepoint-Degraded" in answer.headers) == (200, False)
        assert "max-age" in answer.headers["Cache-Control"]

    def test_what_is_known_of_a_picture_may_be_of_a_part(self) -> None:
        assert info(self.HALF)["height"] == damage.HEIGHT
