"""The cases of jobs' one call that makes no job: may a path be that of one? What is expected is known, not recorded."""

from typing import Any


def check(name: str, path: str, service: str | None) -> dict[str, Any]:
    expect = {"service": service} if service else {"error": "invalid_option", "status": 422}
    return {"name": name, "call": "jobs", "options": {"path": path}, "expect": expect}


CASES = [
    check("a path with a query", "/highlight?language=python", "highlight"),
    check("a path with more segments", "/thumbnail/info", "thumbnail"),
    check("a path in a line", "/htmldiff\n", "htmldiff"),
    check("another site", "http://example.com/highlight", None),
    check("another host", "//example.com/highlight", None),
    check("a way up", "/highlight/%2e%2e/auth/me", None),
    check("a job that makes jobs", "/jobs", None),
    check("what nobody may ask", "/_verify", None),
    check("a line break within", "/highlight\r\nX: y", None),
    check("no path at all", "highlight", None),
]
