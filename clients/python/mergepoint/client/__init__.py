"""A client for Mergepoint's services: text in, highlighted text out, and one tree of errors."""

from .client import Client
from .errors import (
    ApiError,
    BodyTooLarge,
    ConnectionFailed,
    Error,
    Forbidden,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    RateLimited,
    ResponseTooLarge,
    ServerError,
    Timeout,
    Unauthorized,
    Unavailable,
    UnknownLanguage,
)
from .results import Highlighted, HighlightedImage

__all__ = [
    "ApiError",
    "BodyTooLarge",
    "Client",
    "ConnectionFailed",
    "Error",
    "Forbidden",
    "Highlighted",
    "HighlightedImage",
    "InvalidRequest",
    "InvalidResponse",
    "NotFound",
    "RateLimited",
    "ResponseTooLarge",
    "ServerError",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "UnknownLanguage",
]
