"""imgproxy's own client libraries make links that are good here."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace

import imgproxy
import pytest
from flask.testing import FlaskClient

from mergepoint.thumbnail.links.grammar import Grammar
from mergepoint.thumbnail.links.link import DEFAULT
from mergepoint.thumbnail.spec import Crop, Position, Trim, Watermark
from tests.thumbnail import pictures
from tests.thumbnail.remote import KEY, SALT, Origin

Node = Callable[[str, dict[str, object]], str]


def test_python(links: FlaskClient, origin: Origin) -> None:
    factory = imgproxy.ImgProxy.factory(
        proxy_host="http://localhost/thumbnail", key=KEY.hex(), salt=SALT.hex(), width=20, height=10
    )
    for url in (factory(f"{origin.url}/x", resizing_type="fill"), factory(f"{origin.url}/x")("rs:fill:20:10")):
        answer = links.get(str(url).removeprefix("http://localhost"))
        assert pictures.opened(answer.data).size == (20, 10), url


def test_node(links: FlaskClient, origin: Origin, node_client: Node) -> None:
    options = {"resizing_type": "fill", "width": 20, "height": 10, "gravity": {"type": "no"}, "quality": 50}
    answer = links.get(node_client(f"{origin.url}/x?y=1", {**options, "format": "jpg"}))
    assert (pictures.opened(answer.data).size, answer.content_type) == ((20, 10), "image/jpeg")


NODE: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"resize": {"resizing_type": "fill-down", "width": 3, "height": 4, "enlarge": True}},
     {"fit": "cover", "keep_ratio": True, "width": 3, "height": 4, "upscale": True}),
    ({"size": {"width": 3, "extend": {"extend": True, "gravity": {"type": "no"}}}},
     {"width": 3, "extend": Position("side", 0.5, 0.0)}),
    ({"crop": {"width": 0.5, "height": 7, "gravity": {"type": "soea", "x_offset": 1, "y_offset": 2}}},
     {"crop": Crop(0.5, 7, Position("side", 1, 1, 1, 2))}),
    ({"gravity": {"type": "fp", "x": 0.1, "y": 0.2}}, {"position": Position("point", 0.1, 0.2)}),
    ({"trim": {"threshold": 5, "color": "ff00ff", "equal_hor": True}},
     {"trim": Trim(5, (255, 0, 255), True, denoise=True)}),
    ({"padding": {"top": 1, "left": 4}}, {"padding": (1, 1, 1, 4)}),
    ({"background": {"r": 1, "g": 2, "b": 3}}, {"background": (1, 2, 3)}),
    ({"min_width": 5, "min_height": 6, "zoom": 2, "dpr": 3},
     {"min_width": 5, "min_height": 6, "zoom": (2.0, 2.0), "dpr": 3.0}),
    ({"rotate": 90, "auto_rotate": False}, {"rotate": 90, "auto_rotate": False}),
    ({"blur": 1.5, "sharpen": 0.5, "pixelate": 3}, {"blur": 1.5, "sharpen": 0.5, "pixelate": 3}),
    ({"watermark": {"opacity": 0.5, "position": "re", "x_offset": 1, "y_offset": 2, "scale": 0.3}},
     {"watermark": Watermark(b"mark", 0.5, Position("side", 0.5, 0.5, 1, 2), True, 0.3)}),
    ({"strip_metadata": False, "keep_copyright": False, "strip_color_profile": False, "enforce_thumbnail": True},
     {"strip": False, "keep_copyright": False, "keep_profile": True, "embedded": True}),
    ({"quality": 5, "format_quality": [{"format": "jpeg", "quality": 6}], "max_bytes": 7, "format": "webp"},
     {"quality": 5, "qualities": (("JPEG", 6),), "max_bytes": 7, "format": "WEBP"}),
    ({"preset": ["a", "b"], "cache_buster": "x"}, {"width": 1, "height": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "means"), NODE)
def test_what_node_writes_is_understood(
    node_client: Node, options: dict[str, object], means: dict[str, object]
) -> None:
    path = node_client("http://a/b", options).split("/", 3)[3]
    grammar = Grammar({"a": "w:1", "b": "h:2"}, b"mark")
    assert grammar.parse(f"/{path}").spec == replace(DEFAULT, **means)  # type: ignore[arg-type]


def test_how_node_has_it_delivered_is_understood(node_client: Node) -> None:
    options = {"filename": {"name": "my cat"}, "return_attachment": True, "expires": 99_999_999_999, "raw": True}
    link = Grammar().parse("/" + node_client("http://a/b", options).split("/", 3)[3])
    assert (link.filename, link.attachment, link.expires, link.raw, link.source) == (
        "my cat", True, 99_999_999_999, True, "http://a/b",
    )  # fmt: skip


@pytest.fixture(scope="module")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """imgproxy's own library for Node, which is fetched for this test."""
    folder = tmp_path_factory.mktemp("node")
    command = [
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(folder),
        "@imgproxy/imgproxy-node@1",
    ]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=60, check=False)
    if not (folder / "node_modules/@imgproxy/imgproxy-node").is_dir() or not shutil.which("node"):
        pytest.skip("@imgproxy/imgproxy-node is not to be had here")

    def make(source: str, options: dict[str, object]) -> str:
        given = {
            "endpoint": "http://localhost/thumbnail", "url": source, "options": options,
            "key": KEY.hex(), "salt": SALT.hex(),
        }  # fmt: skip
        script = "const {generateImageUrl} = require('@imgproxy/imgproxy-node');"
        script += f"console.log(generateImageUrl({json.dumps(given)}))"
        done = subprocess.run(
            ["node", "-e", script], cwd=folder, capture_output=True, text=True, timeout=30, check=True
        )
        return done.stdout.strip().removeprefix("http://localhost")

    return make
