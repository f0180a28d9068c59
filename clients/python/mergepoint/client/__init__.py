"""A client for Mergepoint's services: a method for each of their calls, and one tree of errors."""

from .auth import Auth
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
from .jobs import Job, Jobs, Later
from .pictures import Picture, Thumbnails
from .results import Annotated, Diff, Highlighted, HighlightedImage

__all__ = [
    "Annotated",
    "ApiError",
    "Auth",
    "BodyTooLarge",
    "Client",
    "ConnectionFailed",
    "Diff",
    "Error",
    "Forbidden",
    "Highlighted",
    "HighlightedImage",
    "InvalidRequest",
    "InvalidResponse",
    "Job",
    "Jobs",
    "Later",
    "NotFound",
    "Picture",
    "RateLimited",
    "ResponseTooLarge",
    "ServerError",
    "Thumbnails",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "UnknownLanguage",
]
