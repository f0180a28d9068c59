"""Who visits the service in tests without a server: people with browsers, and their clocks."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from mergepoint.auth import Auth
from mergepoint.auth.accounts.user import User
from mergepoint.auth.audit import RequestContext

PASSWORD = "correct horse battery"
HERE = RequestContext("192.0.2.1", "test", "a test")
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Clock:
    """Stands still until told otherwise."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def make(auth: Auth, name: str = "ada", **values: Any) -> User:
    return auth.accounts.create(name, HERE, **{"password": PASSWORD, **values})


class Browser:
    """A browser without JavaScript: follows forms, keeps cookies."""

    def __init__(self, app: Flask, address: str = "192.0.2.7") -> None:
        self.client = app.test_client()
        self.address = address
        self.page: TestResponse | None = None

    def get(self, path: str, **headers: str) -> TestResponse:
        self.page = self.client.get(path, headers=self._headers(headers))
        return self.page

    def submit(self, path: str, **fields: str) -> TestResponse:
        """Send a form with the token of the page that was seen last."""
        found = TOKEN.search(self.page.text) if self.page else None
        token = {"csrf": found[1]} if found else {}
        response = self.client.post(path, data={**token, **fields}, headers=self._headers({}))
        if response.mimetype == "text/html":
            self.page = response
        return response

    def send(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Send JSON as a script of ours would."""
        token = self.client.get("/auth/me", headers={"X-Real-IP": self.address}).get_json().get("csrf", "")
        headers = {"Accept": "application/json", "X-CSRF-Token": token, "X-Real-IP": self.address, **headers}
        return self.client.open(path, method=method, json={} if json is None else json, headers=headers)

    def log_in(self, name: str = "ada", password: str = PASSWORD) -> TestResponse:
        self.get("/auth/login")
        return self.submit("/auth/login", login=name, password=password)

    def cookie(self, name: str = "mergepoint") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Accept": "text/html", "X-Real-IP": self.address, **named}
