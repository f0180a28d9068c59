"""An OpenID Connect provider that says whatever a test wants, whenever it wants."""

import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

KEY = OKPKey.generate_key("Ed25519", {"kid": "1"})


class Hostile:
    """*claims* and *user* are of the ID token and of the user info; *answers* replace a path's answer as a whole."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "s"}
        self.user: Any = {"sub": "s"}
        self.about: dict[str, Any] = {}
        self.answers: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.nonce = ""
        own = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                own.asked.append(self.path)
                if special := own.answers.get(self.path):
                    self.close_connection = True
                    special(self)
                    return
                say(self, json.dumps(own.answer(self.path)).encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # who asked is gone
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path: str) -> Any:
        if path == "/jwks":
            return {"keys": [KEY.as_dict(private=False)]}
        if path == "/user":
            return self.user
        if path == "/token":
            return {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
        paths = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        paths["userinfo_endpoint"] = "/user"
        return {"issuer": self.url, **{name: self.url + path for name, path in paths.items()}, **self.about}

    def id_token(self) -> str:
        now = int(time.time())
        about = {"iss": self.url, "aud": "us", "iat": now, "exp": now + 60, "nonce": self.nonce, **self.claims}
        head = {"alg": "Ed25519", "kid": "1"}
        return jws.serialize_compact(head, json.dumps(about).encode(), KEY, algorithms=["Ed25519"])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def say(handler: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
