"""What a view is called in metrics, logs and OpenAPI: its own name, whichever blueprint it is in."""


def endpoint_name(endpoint: str) -> str:
    """Return Flask's *endpoint* without the names of blueprints: ``login`` for ``pages.login``."""
    return endpoint.rpartition(".")[2]
