"""What is told when the suite runs: what to try, and last of all where it is."""

from pathlib import Path


def welcome(url: str, first_password: Path | None) -> str:
    """Return the lines for a person; *first_password* is the file that has it, if it is still there."""
    login = f"\n  log in   {url}/auth/login (name and password: {first_password})" if first_password else ""
    return f"""
  try      curl --data-binary @README.md '{url}/highlight?language=markdown'
           curl --json '{{"old": "a b", "new": "a c"}}' {url}/htmldiff
           curl {url}/health{login}
  end      Ctrl-C

Mergepoint runs on {url}
"""
