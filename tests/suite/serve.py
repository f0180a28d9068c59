"""Serves the suite by another WSGI server than gunicorn: ``python -m tests.suite.serve waitress 8080 [services]``."""

import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from mergepoint.suite import wsgi


def waitress(app: Any, port: int) -> None:
    import waitress

    waitress.serve(app, host="127.0.0.1", port=port, threads=16, max_request_body_size=64 << 20)


def cheroot(app: Any, port: int) -> None:
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), app, numthreads=16).safe_start()


def tornado(app: Any, port: int) -> None:
    import asyncio

    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    async def serve() -> None:
        HTTPServer(WSGIContainer(app), max_body_size=64 << 20).listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(serve())


def twisted(app: Any, port: int) -> None:
    from twisted.internet import reactor
    from twisted.web.server import Site
    from twisted.web.wsgi import WSGIResource

    reactor.listenTCP(port, Site(WSGIResource(reactor, reactor.getThreadPool(), app)), interface="127.0.0.1")
    reactor.run()


def uvicorn(app: Any, port: int) -> None:
    import uvicorn
    from a2wsgi import WSGIMiddleware

    # Without --no-proxy-headers uvicorn believes X-Forwarded-For of everybody on this machine.
    uvicorn.run(WSGIMiddleware(app, workers=16), host="127.0.0.1", port=port, proxy_headers=False, log_level="warning")


SERVERS: dict[str, Callable[[Any, int], None]] = {
    "waitress": waitress, "cheroot": cheroot, "tornado": tornado, "twisted": twisted, "uvicorn": uvicorn,
}  # fmt: skip


def main(name: str, port: str, only: str = "") -> None:
    app = wsgi(only or None)
    assert threading.active_count() == 1
    signal.signal(signal.SIGTERM, lambda *_about: sys.exit(0))
    try:
        SERVERS[name](app, int(port))
    finally:
        app.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
