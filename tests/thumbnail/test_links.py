"""imgproxy's URLs mean here what they mean there, and nothing that is not signed is done."""

import base64
import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergepoint.thumbnail.config import Settings
from mergepoint.thumbnail.links.grammar import BadLink, Expired, Grammar, UnknownOption
from mergepoint.thumbnail.links.link import DELIVERY, LIMITING, Link
from mergepoint.thumbnail.links.link_options import OPTIONS
from mergepoint.thumbnail.links.signing import BadSignature, Signer, parse_pairs
from mergepoint.thumbnail.spec import Crop, Limits, Position, Spec, Trim

PATH = "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"
SIGNATURE = "oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8"
SOURCE = "http://example.com/images/curiosity.jpg"


def spec(options: str, **more: object) -> Spec:
    return Grammar(**more).parse(f"/{options}/plain/x").spec


def code_of(refused: Callable[[], object]) -> tuple[str, str | None]:
    with pytest.raises((BadLink, UnknownOption, Expired)) as raised:
        refused()
    return raised.value.code, getattr(raised.value, "field", None)


class TestSignatures:
    def test_the_known_vector(self) -> None:
        signer = Signer([(b"secret", b"hello")])
        assert signer.sign(PATH) == SIGNATURE
        signer.check(SIGNATURE, PATH)
        signer.check(SIGNATURE + "=", PATH)

    @pytest.mark.parametrize("signature", ["", "_", SIGNATURE[:-1], SIGNATURE + "A", SIGNATURE[:-1] + "9", "é"])
    def test_any_other_is_bad(self, signature: str) -> None:
        with pytest.raises(BadSignature):
            Signer([(b"secret", b"hello")]).check(signature, PATH)

    def test_another_path_is_bad(self) -> None:
        for path in (PATH.replace("300", "301"), PATH + "/", "/" + PATH, PATH.replace("/g:sm", "//g:sm")):
            with pytest.raises(BadSignature):
                Signer([(b"secret", b"hello")]).check(SIGNATURE, path)

    def test_any_of_several_pairs_is_good_and_the_first_signs(self) -> None:
        old, new = (b"secret", b"hello"), (b"new", b"salt")
        both = Signer([new, old])
        both.check(SIGNATURE, PATH)
        assert both.sign(PATH) == Signer([new]).sign(PATH) != SIGNATURE
        with pytest.raises(BadSignature):
            Signer([new]).check(SIGNATURE, PATH)

    def test_a_shorter_signature_is_checked_as_such(self) -> None:
        short = Signer([(b"secret", b"hello")], size=8)
        assert base64.urlsafe_b64decode(SIGNATURE + "=")[:8] == base64.urlsafe_b64decode(short.sign(PATH) + "=")
        short.check(short.sign(PATH), PATH)

    def test_pairs_are_hexadecimal_lists_of_one_length(self) -> None:
        assert parse_pairs("736563, ff", "00,01") == [(b"sec", b"\0"), (b"\xff", b"\1")]
        for keys, salts in (("zz", "00"), ("00", ""), ("00,01", "00")):
            with pytest.raises(ValueError):
                parse_pairs(keys, salts)


class TestSources:
    @pytest.mark.parametrize(
        "tail",
        [
            "aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png",
            "aHR0cDovL2V4YW1wbGUuY29tL2ltYWdlcy9jdXJpb3NpdHkuanBn.png",
            "plain/http://example.com/images/curiosity.jpg@png",
            "plain/http%3A%2F%2Fexample.com%2Fimages%2Fcuriosity.jpg@png",
        ],
    )
    def test_a_source_is_plain_or_base64url(self, tail: str) -> None:
        link = Grammar().parse(f"/w:30/{tail}")
        assert (link.source, link.spec.format, link.spec.width) == (SOURCE, "PNG", 30)

    def test_slashes_and_escapes_in_a_plain_source_are_its_own(self) -> None:
        parsed = Grammar().parse("/plain/http://example.com//a%252Fb%3Fc=d%40e/../f")
        assert parsed.source == "http://example.com//a%2Fb?c=d@e/../f"
        assert parsed.spec.format is None

    def test_padding_and_options_that_look_like_nothing_are_fine(self) -> None:
        assert Grammar().parse("/aHR0cDovL2E=").source == "http://a"

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/w:30",
            "/w:3/plain/",
            "/plain/a@b@c",
            "/YQ.png.jpg",
            "/%%",
            "/_w",
            "/plain/%ff",
            "/plain/a%",
            "/plain/a%2",
        ],
    )
    def test_what_is_no_source_is_no_link(self, path: str) -> None:
        assert code_of(lambda: Grammar().parse(path))[0] == "malformed_link"


BASE = {"keep_copyright": True, "keep_ratio": False, "takes": (), "best_effort": True}
NORTH = Position("side", 0.5, 0.0)


@pytest.mark.parametrize(
    ("options", "means"),
    [
        ("rs:fit:300:200:1", {"width": 300, "height": 200, "upscale": True}),
        ("resize:fill:300:200:0:1:no:5:7", {"fit": "cover", "width": 300, "height": 200,
                                            "extend": Position("side", 0.5, 0.0, 5, 7)}),
        ("rs::300", {"width": 300}),
        ("rs:force::300", {"fit": "fill", "height": 300}),
        ("s:300:200:t:f", {"width": 300, "height": 200, "upscale": True}),
        ("size::200", {"height": 200}),
        ("rt:fill-down", {"fit": "cover", "keep_ratio": True}),
        ("resizing_type:auto", {"fit": "auto"}),
        ("w:0/h:0", {}),
        ("width:10/height:20", {"width": 10, "height": 20}),
        ("mw:10/min-height:20", {"min_width": 10, "min_height": 20}),
        ("z:2", {"zoom": (2.0, 2.0)}),
        ("zoom:0.5:3", {"zoom": (0.5, 3.0)}),
        ("dpr:1.5", {"dpr": 1.5}),
        ("el:1", {"upscale": True}),
        ("ex:1", {"extend": Position()}),
        ("extend:true:nowe:1:0.2", {"extend": Position("side", 0.0, 0.0, 1, 0.2)}),
        ("exar:1:so", {"extend_ratio": Position("side", 0.5, 1.0)}),
        ("extend_aspect_ratio:0", {}),
        ("g:no", {"position": NORTH}),
        ("gravity:soea:10:20", {"position": Position("side", 1.0, 1.0, 10, 20)}),
        ("g:fp:0.1:0.9", {"position": Position("point", 0.1, 0.9)}),
        ("g:sm", {"position": Position("attention")}),
        ("c:100:0.5", {"crop": Crop(100, 0.5)}),
        ("crop:100:200:no:1:2", {"crop": Crop(100, 200, Position("side", 0.5, 0.0, 1, 2))}),
        ("c:100:200/g:no", {"crop": Crop(100, 200), "position": NORTH}),
        ("c:100:200:ce/g:no", {"crop": Crop(100, 200, Position()), "position": NORTH}),
        ("c:100:200:no:1:2/c:50", {"crop": Crop(50, 200, Position("side", 0.5, 0.0, 1, 2))}),
        ("g:no/c:100:200:so", {"crop": Crop(100, 200, Position("side", 0.5, 1.0)), "position": NORTH}),
        ("g:no:10:20/g:soea", {"position": Position("side", 1.0, 1.0, 10, 20)}),
        ("g:no:10:20/g:so:5", {"position": Position("side", 0.5, 1.0, 5, 20)}),
        ("g:no:10:20/g:sm/g:no", {"position": NORTH}),
        ("t:10", {"trim": Trim(10, denoise=True)}),
        ("trim:10:ff00ff:1:0", {"trim": Trim(10, (255, 0, 255), True, False, denoise=True)}),
        ("t:10::1/t:5:fff", {"trim": Trim(5, (255, 255, 255), True, denoise=True)}),
        ("t:10/t:", {}),
        ("pd:1:2:3:4", {"padding": (1, 2, 3, 4)}),
        ("padding:1", {"padding": (1, 1, 1, 1)}),
        ("padding:1:2", {"padding": (1, 2, 1, 2)}),
        ("padding::2", {"padding": (0, 2, 0, 2)}),
        ("ar:0", {"auto_rotate": False}),
        ("rot:270", {"rotate": 270}),
        ("rotate:-90", {"rotate": 270}),
        ("fl:1:0", {"flip": (True, False)}),
        ("flip::1", {"flip": (False, True)}),
        ("bg:ff8800", {"background": (255, 136, 0)}),
        ("background:255:136:0", {"background": (255, 136, 0)}),
        ("bg:ff8800/bg:", {}),
        ("bl:2.5", {"blur": 2.5}),
        ("sh:0.7", {"sharpen": 0.7}),
        ("pix:8", {"pixelate": 8}),
        ("sm:0", {"strip": False}),
        ("kcr:0", {"keep_copyright": False}),
        ("scp:0", {"keep_profile": True}),
        ("eth:1", {"embedded": True}),
        ("q:70", {"quality": 70}),
        ("q:0", {}),
        ("fq:jpg:70:jxl:1:webp:60", {"qualities": (("JPEG", 70), ("WEBP", 60))}),
        ("mb:1000", {"max_bytes": 1000}),
        ("f:webp", {"format": "WEBP"}),
        ("ext:jpg", {"format": "JPEG"}),
        ("cb:anything", {}),
        ("el:1/el:yes", {}),
        ("ar:", {"auto_rotate": False}),
        ("exp:99999999999", {}),
        ("exp:-1", {}),
    ],
)  # fmt: skip
def test_every_free_option_has_imgproxys_meaning(options: str, means: dict[str, object]) -> None:
    assert spec(options) == Spec(**{**BASE, **means})


def test_later_options_win_and_a_preset_is_what_it_stands_for() -> None:
    presets = {"small": "w:10/h:20", "sharp": "pr:small/sh:0.5", "circle": "pr:circle/w:5", "default": "q:70"}
    assert spec("w:1/pr:sharp/h:3", presets=presets) == Spec(**BASE, width=10, height=3, sharpen=0.5, quality=70)
    assert spec("preset:circle", presets=presets).width == 5
    assert code_of(lambda: spec("pr:none", presets=presets)) == ("unknown_preset", "preset")


def test_a_watermark_keeps_what_a_later_one_leaves_out() -> None:
    mark = spec("wm:0:soea:10:20:0.2/wm:0.5::5", watermark=b"file").watermark
    assert mark
    assert (mark.opacity, mark.position, mark.scale) == (0.5, Position("side", 1, 1, 5, 20), 0.2)


def test_a_watermark_is_the_one_that_is_configured() -> None:
    mark = spec("wm:0.5:soea:10:20:0.2", watermark=b"file").watermark
    assert mark
    assert (mark.image, mark.opacity, mark.position, mark.scale) == (b"file", 0.5, Position("side", 1, 1, 10, 20), 0.2)
    tiled = spec("watermark:1:re", watermark=b"file").watermark
    assert tiled
    assert tiled.repeat
    assert spec("wm:0", watermark=b"file").watermark is None
    assert spec("wm:1").watermark is None


def test_how_it_is_delivered_is_told_apart_from_the_picture() -> None:
    link = Grammar().parse("/exp:99999999999/fn:my%20cat/att:1/skp:jpg:png/raw:1/plain/x@webp")
    assert (link.expires, link.filename, link.attachment) == (99_999_999_999, "my cat", True)
    assert (link.unprocessed, link.raw, link.spec.format) == (("JPEG", "PNG"), True, None)
    assert Grammar().parse("/skp:svg:gif/plain/x").unprocessed == ("GIF",)
    assert Grammar().parse("/fn:bXkgY2F0:1/plain/x").filename == "my cat"


def test_a_link_ends_when_it_says() -> None:
    at = Grammar(now=lambda: 1000.5)
    assert at.parse("/exp:1001/plain/x").expires == 1001
    assert code_of(lambda: at.parse("/exp:1000/plain/x")) == ("expired", None)
    assert at.parse("/exp:0/plain/x").expires is None


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ("page:1", "page"), ("dpi:300", "dpi"), ("ra:cubic", "ra"), ("adjust:1", "adjust"), ("wmu:x", "wmu"),
        ("hs:md5:0", "hs"), ("disable_animation:1", "disable_animation"), ("autoquality:size:1", "autoquality"),
        ("vts:1", "vts"),
    ],
)  # fmt: skip
def test_a_paid_option_is_refused_by_name(options: str, field: str) -> None:
    assert code_of(lambda: spec(options)) == ("unknown_option", field)


def test_an_encrypted_source_is_refused_by_name() -> None:
    assert code_of(lambda: Grammar().parse("/enc/abc")) == ("unknown_option", "enc")


@pytest.mark.parametrize(
    "options",
    [
        "w:-1", "w:a", "w:1e9", "w:NaN", "rs:stretch", "dpr:0", "dpr:inf", "dpr:nan", "z:0", "g:middle", "g:obj",
        "g:fp:2:0", "g:fp", "g:sm:1", "g:no::5", "c:-1", "c::5", "t:x", "t:1:red", "pd:-1", "rot:45", "bg:red",
        "bg:1:2", "bg:256:0:0", "bl:-1", "q:101", "fq:jpg", "fq:psd:1", "f:bmp", "f:svg", "ex:1:sm", "exp:soon",
        "wm:2", "wm:1:top", "skp:psd", "mb:-5", "fn:%ff", "fn:%", "w:９", "f:",
        # more arguments than there are
        "w:1:2", "s:1:2:0:1:no:1:2:3", "rs:fit:1:2:0:1:no:1:2:3", "rt:fit:1", "z:1:2:3", "dpr:1:2", "el:1:1",
        "ex:1:no:1:2:3", "g:no:1:2:3", "c:1:1:no:1:2:3", "t:1:fff:1:1:1", "pd:1:2:3:4:5", "rot:90:1", "fl:1:1:1",
        "bg:1:2:3:4", "bl:1:2", "wm:1:ce:0:0:0:1:1:1", "f:jpg:png", "cb:a:b", "exp:1:2", "fn:a:1:1", "raw:1:1",
        "att:1:1", "sm:1:1",
    ],
)  # fmt: skip
def test_an_argument_that_an_option_does_not_take_is_told_with_its_name(options: str) -> None:
    name = options.partition(":")[0]
    assert code_of(lambda: spec(options)) == ("invalid_option", name)


@pytest.mark.parametrize("options", ["msr:10", "max_src_file_size:1", "maf:10", "mafr:1", "mrd:100"])
def test_links_move_limits_only_where_that_is_allowed(options: str) -> None:
    name = options.partition(":")[0]
    assert code_of(lambda: spec(options)) == ("option_not_allowed", name)
    Grammar(limits=Limits()).parse(f"/{options}/plain/x")


def test_limits_that_links_may_move_are_moved() -> None:
    def moved(options: str) -> Link:
        return Grammar(limits=Limits(pixels=5, side=10, frames=3)).parse(f"/{options}/plain/x")

    assert moved("msr:2.5").limits == Limits(2_500_000, (), frames=3, side=10)
    assert (moved("msfs:9").most_bytes, moved("msfs:0").most_bytes) == (9, None)
    assert (moved("maf:7").limits, moved("maf:7").spec.frames) == (Limits(5, frames=7, side=10), 7)
    assert moved("mafr:0.5").limits == Limits(5, frames=3, frame_pixels=500_000, side=10)
    assert (moved("mrd:100").limits, moved("mrd:100").spec.max_side) == (Limits(5, frames=3, side=100), 100)
    assert (moved("mrd:0").limits, moved("mrd:0").spec.max_side) == (Limits(5, frames=3, side=10), 0)


WORDS = st.sampled_from(
    [*OPTIONS, *DELIVERY, *LIMITING, "preset", "plain", "enc", ":", ":", ":", ":", "/", "/", "0", "1", "0.5", "-1",
     "x", "%", "%41", "@", ".", "=", "sm", "ce", "fp", "jpg", "fff", "1e9", "é", "\0", ""]
)  # fmt: skip


@given(words=st.lists(WORDS, max_size=14))
def test_any_path_is_a_link_or_is_refused(words: list[str]) -> None:
    with contextlib.suppress(BadLink, UnknownOption, Expired):
        Grammar({"default": "q:80"}, b"mark", Limits()).parse("/" + "".join(words))


class TestFrames:
    GRAMMAR = Grammar({"moving": "maf:100"}, frames=20)

    def frames(self, options: str, grammar: Grammar = GRAMMAR) -> int:
        return grammar.parse(f"/{options}/plain/http://x/y").spec.frames

    def test_a_link_keeps_as_many_as_links_may(self) -> None:
        assert (self.frames("w:1"), self.frames("w:1", Grammar())) == (20, 1)

    def test_it_may_say_how_many_up_to_there(self) -> None:
        assert (self.frames("maf:1"), self.frames("max_animation_frames:20")) == (1, 20)
        with pytest.raises(UnknownOption, match="at most 20: THUMBNAIL_MAX_FRAMES"):
            self.frames("maf:21")

    def test_a_preset_may_keep_more(self) -> None:
        assert self.frames("pr:moving") == 100
        assert Settings(max_frames=3, presets="moving=maf:500").grammar().preset("moving").frames == 500
