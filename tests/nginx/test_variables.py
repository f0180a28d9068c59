"""One name for one thing among the variables of nginx: a second map would silently take the place of the first."""

import collections
import re

from tests.nginx.gateway import NGINX


def test_no_variable_is_defined_twice() -> None:
    text = "\n".join(path.read_text() for path in sorted(NGINX.rglob("*.conf")) if "upstreams.compose" not in path.name)
    names = re.findall(r"^(?:map\s.*\s|js_set\s+)(\$\w+)\s", text, re.MULTILINE)
    assert len(names) > 20
    assert [name for name, count in collections.Counter(names).items() if count > 1] == []
