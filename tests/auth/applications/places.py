"""Locations for applications in tests: the example of nginx/applications/README.md, as somebody fills it in."""

import re

from tests.servers import ROOT

README = (ROOT / "nginx/applications/README.md").read_text()
EXAMPLE = re.findall(r"^```nginx\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[0]


def example(name: str, address: str, policy: str = "user", *, lines: str = "") -> str:
    """Return the location of the application *name* at *address*, with *lines* of its own."""
    text = EXAMPLE.replace("wiki", name).replace("127.0.0.1:3000", address)
    text = re.sub(r"(set \$policy +)user;", rf"\g<1>{policy};", text)
    return text.replace("    proxy_pass", f"    {lines}\n    proxy_pass")
