"""Pictures to make small, drawn here: each is an array of pixels; ``file`` writes one in any format."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
RED, CYAN, GREEN, BLUE = (255, 0, 0), (0, 255, 255), (0, 128, 0), (0, 0, 255)


def file(pixels: Pixels, format: str = "PNG", **options: Any) -> bytes:
    """Return *pixels* as a file, the lossy ones at a quality that hardly shows."""
    lossy = {"quality": 95} if format in ("JPEG", "WEBP", "AVIF") else {}
    target = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(target, format, **lossy, **options)
    return target.getvalue()


def image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.squeeze())


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def moving(format: str, count: int, width: int = 30, height: int = 20) -> bytes:
    """Return an animation: a white column that goes to the right on ever lighter red, 100 ms a frame."""
    frames = []
    for number in range(count):
        frame = plain(width, height, (40 + 200 * number // count, 0, 0))
        frame[:, width * number // count : width * number // count + 3] = 255
        frames.append(Image.fromarray(frame))
    options: dict[str, Any] = {"lossless": True} if format == "WEBP" else {}
    return saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100, loop=3, **options)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels(data: bytes, mode: str = "RGB") -> Pixels:
    return np.asarray(opened(data).convert(mode))


def plain(width: int, height: int, colour: tuple[int, ...]) -> Pixels:
    return np.full((height, width, len(colour)), colour, np.uint8)


def flag(width: int, height: int) -> Pixels:
    """Four quarters: red and green above, blue and white below."""
    made = plain(width, height, (255, 255, 255))
    made[: height // 2, : width // 2] = RED
    made[: height // 2, width // 2 :] = GREEN
    made[height // 2 :, : width // 2] = BLUE
    return made


def glass(width: int, height: int) -> Pixels:
    """Red, ever more transparent to the right."""
    made = plain(width, height, (255, 0, 0, 0))
    made[..., 3] = np.linspace(255, 0, width).astype(np.uint8)
    return made


def framed(width: int, height: int) -> Pixels:
    """A blue square in the middle of white."""
    made = plain(width, height, (250, 250, 250))
    made[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = BLUE
    return made


def stripes(width: int, height: int) -> Pixels:
    """Columns of red and cyan, one pixel each."""
    made = plain(width, height, RED)
    made[:, 1::2] = CYAN
    return made


def photograph(width: int, height: int, seed: int = 1) -> Pixels:
    """Something like one: detail at every scale, sharp edges, a little noise."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    strength = 1.0
    for step in range(1, 9):
        grid = random.normal(size=(height * 2**step // 1024 + 2, width * 2**step // 1024 + 2, 3)).astype(np.float32)
        grid[..., 1:] = grid[..., :1] * 0.7 + grid[..., 1:] * 0.3
        layers = [
            Image.fromarray(grid[..., band]).resize((width, height), Image.Resampling.BICUBIC) for band in range(3)
        ]
        total += strength * np.dstack(layers)
        strength *= 0.6
    total = (total - total.mean()) / total.std() * 50 + 120
    image = Image.fromarray(total.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = random.integers(0, width), random.integers(0, height)
        size = int(random.integers(width // 60, width // 8))
        draw.ellipse((x, y, x + size, y + size), fill=tuple(int(level) for level in random.integers(0, 255, 3)))
    noise = random.normal(size=(height, width, 1)).astype(np.float32) * 2.5
    return (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
