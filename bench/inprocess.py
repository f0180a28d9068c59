"""The highlight service without its sandbox: the same application, which calls its tasks in its own process.

It is only for comparison: a hostile text would block it.
"""

from dataclasses import replace
from unittest.mock import patch

from flask import Flask

from mergepoint.highlight import lexers, service, web
from mergepoint.highlight.config import Settings
from mergepoint.kit.service import Service, Task

describe = service.describe


def create_app() -> Flask:
    service.prepare()  # what the sandbox's zygote does
    list(lexers.warm_most_used())
    with patch.object(service, "describe", _describe_without_sandbox):
        return web.create_app()


def _describe_without_sandbox(settings: Settings) -> Service:
    described = describe(settings)
    return replace(described, tasks={name: Task(function) for name, function in described.functions.items()})
