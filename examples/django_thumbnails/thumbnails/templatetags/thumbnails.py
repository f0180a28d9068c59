"""``{% load thumbnails %} <img src="{% thumbnail book.cover width=200 %}" alt="…">``."""

from django import template
from django.core.files.storage import default_storage

from thumbnails.making import make_small

register = template.Library()


@register.simple_tag
def thumbnail(picture, **options):
    """Return the URL of *picture* made small; nothing if there is no picture."""
    return default_storage.url(make_small(picture, **options)) if picture else ""
