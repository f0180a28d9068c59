"""Bytes from other servers: only from origins that are allowed, over addresses that were checked, within time and size.

It does not know which service asks, nor what the bytes are.
"""

from .client import Fetched, Fetcher, Version, resolve

__all__ = ["Fetched", "Fetcher", "Version", "resolve"]
