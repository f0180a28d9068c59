"""Draws the pictures of docs/pictures.md, with the thumbnail service's own core. Run it when they should change.

python docs/pictures/make.py
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mergepoint.thumbnail import Position, Spec, thumbnail

HERE = Path(__file__).parent
GAP = 12


def main() -> None:
    save("linear", beside(ours(stripes(), 220), usual(stripes(), 220)))
    save("branches", beside(ours(branches(), 220), usual(branches(), 220)))
    lamp = scene()
    cuts = [ours(lamp, 150, height=150, fit="cover", position=Position(kind)) for kind in ("side", "attention")]
    save("attention", beside(ours(lamp, 300), *cuts))
    save("fits", beside(*(fitted(fit) for fit in ("inside", "cover", "fill", "pad"))))


def ours(picture: Image.Image, width: int, **wanted: object) -> Image.Image:
    return opened(thumbnail(file(picture), Spec(width=width, **wanted)).bytes)


def usual(picture: Image.Image, width: int) -> Image.Image:
    """As most software scales: the numbers in the file, which are not light."""
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def fitted(fit: str) -> Image.Image:
    return ours(scene(), 150, height=150, fit=fit, background=(255, 196, 0))


def stripes() -> Image.Image:
    pixels = np.full((880, 1320, 3), (255, 0, 0), np.uint8)
    pixels[:, 1::2] = (0, 255, 255)
    pixels[:, 880:] = 188
    return Image.fromarray(pixels)


def branches() -> Image.Image:
    """Thin twigs before a bright sky, and stars before a dark one."""
    random = np.random.default_rng(4)
    image = Image.new("RGB", (1320, 880), (8, 10, 30))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 660, 880), fill=(214, 230, 250))
    for _ in range(420):
        x, y = random.integers(0, 650), random.integers(0, 880)
        draw.line(
            (x, y, min(655, x + int(random.integers(-90, 90))), y + int(random.integers(-160, 20))), (20, 16, 12), 2
        )
    for _ in range(1500):
        x, y = int(random.integers(665, 1320)), int(random.integers(0, 880))
        draw.point((x, y), (255, 255, 255))
    return image


def scene() -> Image.Image:
    """A lamp at the right of a dim room."""
    across = np.linspace(0, 1, 1200)[None]
    down = np.linspace(0, 1, 600)[:, None]
    light = np.exp(-(((across - 0.85) * 2) ** 2 + (down - 0.4) ** 2) * 9)
    pixels = np.stack([40 + 190 * light, 36 + 140 * light, 48 + 40 * light], axis=2)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.polygon([(960, 150), (1080, 150), (1120, 290), (920, 290)], fill=(255, 214, 120))
    draw.rectangle((1012, 290, 1028, 470), fill=(90, 60, 40))
    draw.rectangle((0, 470, 1200, 600), fill=(58, 44, 40))
    return image


def beside(*pictures: Image.Image) -> Image.Image:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    made = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        made.paste(picture, (left, 0))
        left += picture.width + GAP
    return made


def file(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def save(name: str, picture: Image.Image) -> None:
    picture.save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
