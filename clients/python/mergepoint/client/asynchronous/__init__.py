"""The client's asynchronous sister: the same calls, sent with asyncio over httpx2.

How a request looks and how its answer is read is not said here again: calls.py, auth.py and job_calls.py say it.
"""

from .client import AsyncClient
from .jobs import AsyncAuth, AsyncJob, AsyncJobs, AsyncLater

__all__ = ["AsyncAuth", "AsyncClient", "AsyncJob", "AsyncJobs", "AsyncLater"]
