"""The service's settings, from variables that begin with THUMBNAIL_."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from mergepoint.kit.config import ServiceSettings, SettingsConfigDict

from .files.probe import MORE_FORMATS, read_header
from .links.grammar import Grammar, UnknownOption
from .links.signing import Signer, parse_pairs
from .links.sources import Sources
from .spec import Limits

KEYS = "hexadecimal digits, two for each byte, with commas between them, are expected"
# The formats with a limit of their own: the name in settings → Pillow's name.
BUDGETS = {
    "avif": "AVIF", "bmp": "BMP", "gif": "GIF", "heic": "HEIF", "ico": "ICO", "png": "PNG", "tiff": "TIFF",
    "webp": "WEBP",
}  # fmt: skip
PRESETS = "name=option:argument/option:argument, with commas between presets, is expected"


class Settings(ServiceSettings):
    """Limits and sizes. The defaults suit a service that is open to the internet."""

    model_config = SettingsConfigDict(env_prefix="thumbnail_")
    several_lines = frozenset({"sources"})

    max_bytes: int = Field(25 << 20, ge=1, le=100 << 20)
    max_pixels: int = Field(64_000_000, ge=1, le=500_000_000)
    max_pixels_avif: int = Field(24_000_000, ge=1, le=500_000_000)
    max_pixels_bmp: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_gif: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_heic: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_ico: int = Field(4_000_000, ge=1, le=500_000_000)
    max_pixels_png: int = Field(50_000_000, ge=1, le=500_000_000)
    max_pixels_tiff: int = Field(36_000_000, ge=1, le=500_000_000)
    max_pixels_webp: int = Field(24_000_000, ge=1, le=500_000_000)
    more_formats: str = ""
    max_frames: int = Field(1, ge=1, le=500)
    max_side: int = Field(4096, ge=1, le=65_535)
    max_output_bytes: int = Field(64 << 20, ge=1, le=256 << 20)
    memory_bytes: int = Field(1536 << 20, ge=128 << 20, le=1 << 40)
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
    watermark: str = ""
    allow_security_options: bool = False
    presets: str = ""  # after the settings that presets depend on

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, value: str) -> str:
        _pairs(value, value)
        return value

    @field_validator("salts")
    @classmethod
    def _are_as_many_as_keys(cls, value: str, info: ValidationInfo) -> str:
        salts = _pairs(value, value)
        if "keys" in info.data and len(salts) != len(keys := _pairs(info.data["keys"], info.data["keys"])):
            raise ValueError(f"a salt for each of the keys is expected; there are {len(salts)} for {len(keys)}")
        return value

    @field_validator("sources")
    @classmethod
    def _are_sources(cls, value: str) -> str:
        try:
            Sources(value, max_bytes=1, timeout=1, redirects=0, age=0, most_age=0)
        except (OSError, ValueError) as error:
            raise ValueError(f"origins and folders such as https://example.com are expected; {error}") from None
        return value

    @field_validator("more_formats")
    @classmethod
    def _are_formats(cls, value: str) -> str:
        _more_formats(value)
        return value

    @field_validator("watermark")
    @classmethod
    def _is_a_picture(cls, value: str, info: ValidationInfo) -> str:
        try:
            if value:
                read_header(_contents(value), _more_formats(info.data.get("more_formats", "")))
        except (OSError, ValueError) as error:
            raise ValueError(f"a file with a picture is expected: {error}") from None
        return value

    @field_validator("presets")
    @classmethod
    def _can_be_used(cls, value: str, info: ValidationInfo) -> str:
        """Parse every preset now, so that a mistake stops the start and not a later request.

        For this check it only matters whether limits may be set, not their values.
        """
        limits = Limits() if info.data.get("allow_security_options") else None
        name = ""
        try:
            grammar = Grammar(_presets(value), b"", limits)
            for name in grammar.presets:
                grammar.preset(name)
        except ValueError as error:
            hint = "; THUMBNAIL_ALLOW_SECURITY_OPTIONS=1 allows that" if _is_refused(error) else ""
            raise ValueError(f"{PRESETS}; {name!r}: {error}{hint}" if name else str(error)) from None
        return value

    @property
    def limits(self) -> Limits:
        by_format = tuple((word, getattr(self, f"max_pixels_{name}")) for name, word in BUDGETS.items())
        more = _more_formats(self.more_formats)
        return Limits(pixels=self.max_pixels, pixels_by_format=by_format, side=self.max_side, more_formats=more)

    def signer(self) -> Signer | None:
        """Return the signer that checks links; None if no keys are set."""
        pairs = parse_pairs(self.keys, self.salts)
        return Signer(pairs, self.signature_size) if pairs else None

    def grammar(self) -> Grammar:
        """Return the grammar of links, with the operator's presets and watermark."""
        mark = _contents(self.watermark) if self.watermark else b""
        limits = self.limits if self.allow_security_options else None
        return Grammar(_presets(self.presets), mark, limits, self.max_frames)

    def sources_of(self) -> Sources:
        return Sources(
            self.sources,
            max_bytes=self.max_bytes,
            timeout=self.source_timeout,
            redirects=self.source_redirects,
            age=self.source_age,
            most_age=self.max_source_age,
        )


def _more_formats(value: str) -> tuple[str, ...]:
    """Return the formats that *value* names, in the order in which they are tried."""
    words = [word.strip().upper() for word in value.split(",") if word.strip()]
    if unknown := [word for word in words if word not in MORE_FORMATS]:
        expected = "some of tiff, bmp and ico, with commas between them, are expected"
        raise ValueError(f"{expected}; {unknown[0].lower()!r} is not one of them")
    return tuple(name for name in MORE_FORMATS if name in words)


def _pairs(keys: str, salts: str) -> list[tuple[bytes, bytes]]:
    try:
        return parse_pairs(keys, salts)
    except ValueError:
        raise ValueError(KEYS) from None


def _contents(file: str) -> bytes:
    if not Path(file).is_file():  # a pipe or a device has no end
        raise OSError("there is no such file")
    return Path(file).read_bytes()


def _presets(entries: str) -> dict[str, str]:
    return dict(_preset(entry) for entry in entries.split(",") if entry.strip())


def _preset(entry: str) -> tuple[str, str]:
    name, equals, options = entry.strip().partition("=")
    if not (name and equals and options):
        raise ValueError(f"{PRESETS}; {entry.strip()!r} has another form")
    return name, options


def _is_refused(error: ValueError) -> bool:
    return isinstance(error, UnknownOption) and error.code == "option_not_allowed"
