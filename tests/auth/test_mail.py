"""Letters: links go out when there is a mail server, only to whom they are for, and nobody waits for it."""

import contextlib
import pathlib
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from mergepoint.auth import Auth, mail
from mergepoint.auth.__main__ import main
from mergepoint.auth.config import Settings
from mergepoint.auth.web import create_app
from tests.auth.visitors import PASSWORD, Browser, make
from tests.servers import free_port, wait_for
from tests.stopwatch import Stopwatch


class Box:
    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope)
        return "250 OK"


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    port, box = free_port(), Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def browser(auth: Auth, box: tuple[Box, int], tmp_path: pathlib.Path) -> Browser:
    settings = Settings(
        state=tmp_path / "state", public_url="http://localhost", registration="invite",
        smtp_url=f"smtp://127.0.0.1:{box[1]}", mail_from="auth@example.com",
    )  # fmt: skip
    return Browser(create_app(settings, auth))


def link_in(letter: Any) -> str:
    text = letter.content.decode().replace("=\r\n", "").replace("=3D", "=")
    found = re.search(r"http://localhost(/\S+)", text)
    assert found
    return found[1]


def test_an_invitation_makes_one_account_with_a_proven_address(
    auth: Auth, browser: Browser, box: tuple[Box, int]
) -> None:
    make(auth, "root", admin=True)
    browser.log_in("root")
    browser.get("/auth/users")
    browser.submit("/auth/users/invite", email="lin@example.com")
    wait_for(lambda: box[0].letters)
    [letter] = box[0].letters
    assert (letter.mail_from, letter.rcpt_tos) == ("auth@example.com", ["lin@example.com"])
    link = link_in(letter)
    invitation = link.partition("invitation=")[2]
    somebody = Browser(browser.client.application)
    assert somebody.get("/auth/register").status_code == 403
    for name, status in (("lin", 303), ("lin2", 409)):
        page = somebody.get(link)
        assert page.status_code == 200
        reply = somebody.submit("/auth/register", name=name, password=PASSWORD, invitation=invitation)
        assert reply.status_code == status
        somebody = Browser(browser.client.application)
    user = auth.accounts.find("lin@example.com")
    assert user
    assert user.email_proven


def test_an_invitation_for_anybody_is_good_once(auth: Auth, browser: Browser) -> None:
    make(auth, "root", admin=True)
    browser.log_in("root")
    link = browser.send("POST", "/auth/users/invite").get_json()["link"]
    invitation = link.partition("invitation=")[2]
    for name, password, status in (("a", "short", 422), ("a", PASSWORD, 303), ("b", PASSWORD, 403)):
        somebody = Browser(browser.client.application)
        somebody.get("/auth/login")
        reply = somebody.submit("/auth/register", name=name, password=password, invitation=invitation)
        assert reply.status_code == status


def test_an_address_is_proven_by_the_link_in_a_letter(auth: Auth, browser: Browser, box: tuple[Box, int]) -> None:
    make(auth, "ada")
    browser.log_in()
    browser.get("/auth/account")
    browser.submit("/auth/account/email", email="ada@example.com", password=PASSWORD)
    wait_for(lambda: box[0].letters)
    link = link_in(box[0].letters[0])
    token = link.partition("token=")[2]
    other = Browser(browser.client.application)
    make(auth, "eve")
    assert other.get(link).status_code == 401
    assert other.client.post("/auth/email", json={"token": token}).status_code == 401
    other.log_in("eve")
    assert other.get(link).status_code == 403
    assert other.send("POST", "/auth/email", {"token": token}).status_code == 403
    assert not auth.accounts.get(1).email_proven
    browser.get(link)
    assert browser.submit("/auth/email", token=link.partition("token=")[2]).status_code == 303
    user = auth.accounts.find("ada")
    assert user
    assert user.email_proven


def test_a_mail_server_that_is_away_is_nobodys_problem(auth: Auth, tmp_path: pathlib.Path) -> None:
    settings = Settings(state=tmp_path, public_url="http://localhost", smtp_url=f"smtp://127.0.0.1:{free_port()}")
    root = Browser(create_app(settings, auth))
    make(auth, "root", admin=True)
    root.log_in("root")
    root.get("/auth/users")
    with Stopwatch() as watch:
        reply = root.submit("/auth/users", name="lin", email="lin@example.com")
    assert reply.status_code == 200
    assert 'class="secret"' in reply.text
    assert watch.seconds < 2


def test_the_command_line_mails_the_link_as_well(
    tmp_path: pathlib.Path, box: tuple[Box, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{tmp_path / 'auth.db'}")
    monkeypatch.setenv("AUTH_PUBLIC_URL", "http://localhost")
    monkeypatch.setenv("AUTH_SMTP_URL", f"smtp://127.0.0.1:{box[1]}")
    assert main(["create-user", "lin", "--email", "lin@example.com"]) == 0
    assert main(["create-user", "nomail"]) == 0
    capsys.readouterr()
    assert main(["reset-password", "nomail"]) == 0
    assert box[0].letters == []
    capsys.readouterr()
    assert main(["reset-password", "LIN@example.com"]) == 0
    [letter] = box[0].letters
    assert letter.rcpt_tos == ["lin@example.com"]
    assert f"http://localhost{link_in(letter)}" == capsys.readouterr().out.strip()


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail", "smtp://", "smtps:"])
def test_a_mail_server_has_an_address(url: str) -> None:
    with pytest.raises(ValueError, match="is expected"):
        Settings(smtp_url=url)


def test_a_mail_server_that_cannot_say_who_it_is_gets_no_letter(tmp_path: pathlib.Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(listener.accept()[0], server_side=True) as connection,
            ):
                connection.sendall(b"421 not now\r\n")

        threading.Thread(target=greet, daemon=True).start()
        server = mail.Server("127.0.0.1", listener.getsockname()[1], "yes", "", "", "auth@example.com")
        with pytest.raises(ssl.SSLCertVerificationError):
            mail.send(server, "ada@example.com", "subject", "text")
