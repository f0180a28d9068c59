"""Bytes from other servers, and messages to them: of allowed origins, at checked addresses, within time and size.

It does not know which service asks, nor what the bytes are.
"""

from .client import Fetched, Fetcher, Version
from .connections import resolve

__all__ = ["Fetched", "Fetcher", "Version", "resolve"]
