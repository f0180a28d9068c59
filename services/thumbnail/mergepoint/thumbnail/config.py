"""The service's settings, from variables that begin with THUMBNAIL_."""

from pathlib import Path

from pydantic import Field, model_validator

from mergepoint.kit.config import BaseSettings, SettingsConfigDict

from .grammar import Grammar
from .signing import Signer, parse_pairs
from .sources import Sources
from .spec import Limits


class Settings(BaseSettings):
    """Limits and sizes; the defaults are meant for the open internet."""

    model_config = SettingsConfigDict(env_prefix="thumbnail_", frozen=True, extra="ignore")

    max_bytes: int = Field(25 << 20, ge=1, le=100 << 20)
    max_pixels: int = Field(64_000_000, ge=1, le=500_000_000)
    max_pixels_avif: int = Field(24_000_000, ge=1, le=500_000_000)
    max_pixels_gif: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_heic: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_png: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_webp: int = Field(24_000_000, ge=1, le=500_000_000)
    max_frames: int = Field(1, ge=1, le=500)
    max_side: int = Field(4096, ge=1, le=65_535)
    max_output_bytes: int = Field(64 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(1536 << 20, ge=128 << 20)
    children: int = Field(2, ge=1, le=64)
    max_age: int = Field(30, ge=0, le=86_400)
    keys: str = Field("", repr=False)
    salts: str = Field("", repr=False)
    signature_size: int = Field(32, ge=8, le=32)
    unsigned: bool = False
    sources: str = ""
    source_timeout: float = Field(5.0, gt=0, le=15)
    source_redirects: int = Field(0, ge=0, le=10)
    source_age: int = Field(3600, ge=0, le=31_536_000)
    max_source_age: int = Field(86_400, ge=0, le=31_536_000)
    auto_format: bool = False
    presets: str = ""
    watermark: str = ""
    allow_security_options: bool = False

    @model_validator(mode="after")
    def _can_be_used(self) -> "Settings":
        for name, make in {"salts": self.signer, "sources": self.sources_of, "presets": self.grammar}.items():
            try:
                make()
            except (ValueError, OSError) as error:
                raise ValueError(f"{name}: {error}") from None
        return self

    @property
    def limits(self) -> Limits:
        formats = {"avif": "AVIF", "gif": "GIF", "heic": "HEIF", "png": "PNG", "webp": "WEBP"}
        by_format = tuple((word, getattr(self, f"max_pixels_{name}")) for name, word in formats.items())
        return Limits(pixels=self.max_pixels, pixels_by_format=by_format, side=self.max_side)

    def signer(self) -> Signer | None:
        """Return what checks signatures; none: there are no keys."""
        pairs = parse_pairs(self.keys, self.salts)
        return Signer(pairs, self.signature_size) if pairs else None

    def grammar(self) -> Grammar:
        """Return the URLs that are understood, with the operator's presets, all of which must be good."""
        found = dict(_preset(entry) for entry in self.presets.split(",") if entry.strip())
        mark = Path(self.watermark).read_bytes() if self.watermark else b""
        grammar = Grammar(found, mark, self.limits if self.allow_security_options else None, self.max_frames)
        for name in found:
            grammar.preset(name)
        return grammar

    def sources_of(self) -> Sources:
        return Sources(
            self.sources,
            max_bytes=self.max_bytes,
            timeout=self.source_timeout,
            redirects=self.source_redirects,
            age=self.source_age,
            most_age=self.max_source_age,
        )


def _preset(entry: str) -> tuple[str, str]:
    name, equals, options = entry.strip().partition("=")
    if not (name and equals and options):
        raise ValueError(f"{entry!r}: name=option:argument/option:argument is expected")
    return name, options
