"""The highlight service without its sandbox: the same application, whose tasks are called where they are.

Only for comparison: a hostile text would hang it.
"""

from unittest.mock import patch

from flask import Flask

from mergepoint.highlight import lexers, web
from mergepoint.highlight.tasks import TASKS


def create_app() -> Flask:
    web.prepare()  # what the sandbox's zygote does
    list(lexers.warm_most_used())
    with patch.object(web, "bounded", lambda sandbox: TASKS), patch.object(web.Sandbox, "start"):
        return web.create_app()
