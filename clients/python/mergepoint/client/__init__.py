"""A client for Mergepoint's services: a method for each of their calls, and one tree of errors."""

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from .asynchronous import AsyncAuth, AsyncClient, AsyncJob, AsyncJobs, AsyncLater

__all__ = [
    "Annotated",
    "ApiError",
    "AsyncAuth",
    "AsyncClient",
    "AsyncJob",
    "AsyncJobs",
    "AsyncLater",
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


def __getattr__(name: str) -> Any:
    """Find the asynchronous client, whose library is an extra, only when it is asked for."""
    if not name.startswith("Async") or name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import asynchronous
    except ModuleNotFoundError as error:
        if error.name not in ("httpx2", "httpx"):
            raise
        raise ImportError(f"{name} needs httpx2: pip install 'mergepoint-client[async]'") from error
    return getattr(asynchronous, name)
