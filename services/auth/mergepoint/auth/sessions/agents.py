"""Short names for User-Agent headers in lists of sessions: the program and its system."""

import re

# In order of precedence, since most browsers also name several others.
PROGRAMS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Vivaldi": "Vivaldi",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "HeadlessChrome": "Chrome",
    "Chromium": "Chromium",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def program(agent: str) -> str:
    """Return a short name for the header *agent*: ``Firefox on Linux``, or its first word if it is no browser's."""
    name = next((PROGRAMS[word] for word in PROGRAMS if re.search(rf"\b{word}/", agent)), None)
    if name is None:
        return agent.partition("/")[0].partition(" ")[0][:40] or "unknown"
    system = next((SYSTEMS[word] for word in SYSTEMS if word in agent), None)
    return f"{name} on {system}" if system else name
