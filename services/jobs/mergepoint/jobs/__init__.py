"""Any request, later, and never lost: a queue of HTTP requests on SQLite or PostgreSQL. The core knows no HTTP."""

from .core import Jobs
from .engine import Engine
from .requests.job_request import JobRequest, Owner
from .storage.store import Store

__all__ = ["Engine", "JobRequest", "Jobs", "Owner", "Store"]
