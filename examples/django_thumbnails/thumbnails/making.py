"""Makes a picture small: in this process by the library, or over HTTP by the service, as one setting says.

The library knows nothing of Django, and nothing of this file.
"""

import hashlib
import mimetypes
from functools import cache

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

FOLDER = "thumbnails"


def make_small(picture, **options):
    """Return the name in the default storage of *picture* (a file field, or a name there) made as *options* say.

    It is made once: its name follows from the picture's name, its time and the options.
    """
    name = getattr(picture, "name", picture)
    storage = getattr(picture, "storage", default_storage)
    changed = storage.get_modified_time(name).isoformat()
    digest = hashlib.sha256(repr((name, changed, sorted(options.items()))).encode()).hexdigest()[:24]
    found = [each for each in _made() if each.startswith(digest)]
    if found:
        return f"{FOLDER}/{found[0]}"
    with storage.open(name, "rb") as file:
        content, kind = _make(file.read(), options)
    extension = mimetypes.guess_extension(kind) or ""
    return default_storage.save(f"{FOLDER}/{digest}{extension}", ContentFile(content))


def _made():
    return default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []


def _make(image, options):
    """Return content and media type."""
    url = getattr(settings, "THUMBNAILS_SERVICE", None)
    if url:  # an address such as http://localhost:8080
        made = _client(url).thumbnail(image, **options)
        return bytes(made), made.type
    from mergepoint.thumbnail import Spec, thumbnail

    made = thumbnail(image, Spec(**options))
    return made.bytes, made.type


@cache
def _client(url):
    from mergepoint.client import Client

    return Client(url)
