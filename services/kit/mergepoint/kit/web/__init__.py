"""The HTTP face that all services share: requests read into options, answers with tags, problems, health, OpenAPI.

It knows Flask, and not what a service does.
"""

from .app import base_app, timed

__all__ = ["base_app", "timed"]
