"""The message when the suite runs: commands to try, and, as its last line, the address."""

from collections.abc import Collection
from pathlib import Path


def welcome(url: str, services: Collection[str], first_password: Path | None) -> str:
    """Return the lines for a person; *first_password* is the file with the first password, None if it is deleted."""
    calls = {
        "highlight": f"curl --data-binary @README.md '{url}/highlight?language=markdown'",
        "htmldiff": f"""curl --json '{{"old": "a b", "new": "a c"}}' {url}/htmldiff""",
    }
    tries = "\n           ".join([*(calls[name] for name in calls if name in services), f"curl {url}/health"])
    login = f"\n  log in   {url}/auth/login (name and password: {first_password})" if first_password else ""
    return f"""
  try      {tries}{login}
  end      Ctrl-C

Mergepoint runs on {url}
"""
