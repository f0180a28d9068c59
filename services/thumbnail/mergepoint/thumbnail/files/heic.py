"""HEIC, which telephones write: decoded by libheif, if pi-heif is installed (the extra ``[heic]``). It writes none."""

from contextlib import suppress
from functools import lru_cache


@lru_cache(maxsize=1)
def available() -> bool:
    """Have Pillow open HEIC, on one processor; return whether it can."""
    with suppress(ImportError):
        import pi_heif

        pi_heif.options.DECODE_THREADS = 1
        pi_heif.options.THUMBNAILS = False
        pi_heif.register_heif_opener()
        return True
    return False
