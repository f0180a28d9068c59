"""The call that needs neither a database nor a login, for every face: may a path be that of a job?"""

from pydantic import Field

from mergepoint.kit.dispatch import Answer
from mergepoint.kit.options import Options

from .requests.paths import service_of

SERVICES = frozenset({"highlight", "htmldiff", "thumbnail"})


class PathOptions(Options):
    """A path that may be a job's."""

    path: str = Field(description="path and query, from / on", json_schema_extra={"content": True})


def check(options: PathOptions) -> Answer:
    """Return the service of a path that may be a job's, or raise Invalid."""
    return Answer.json({"service": service_of(options.path.strip(), SERVICES)})
