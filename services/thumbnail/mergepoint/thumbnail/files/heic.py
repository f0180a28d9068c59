"""HEIC, the format of many telephones: libheif reads it if pi-heif is installed (the extra ``[heic]``)."""

from contextlib import suppress
from functools import lru_cache


@lru_cache(maxsize=1)
def available() -> bool:
    """Make Pillow open HEIC with one thread; return whether pi-heif is installed."""
    with suppress(ImportError):
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.options.THUMBNAILS = False
        pi_heif.register_heif_opener()
        return True
    return False
