"""Letters with links, by SMTP when there is a server for it."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import NamedTuple

TIMEOUT = 5.0  # seconds


class Server(NamedTuple):
    """Where letters go out: *tls* is ``no``, ``start`` (STARTTLS) or ``yes`` (from the first byte)."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str


def password_letter(name: str, link: str) -> tuple[str, str]:
    """Return subject and text of the letter with the link by which *name* chooses a password."""
    return "Choose a password", f"Hello {name},\n\nthis link sets your password, once:\n{link}\n"


def send(server: Server, to: str, subject: str, text: str) -> None:
    """Send a letter, or raise OSError (smtplib's errors are such)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message.set_content(text)
    kind = smtplib.SMTP_SSL if server.tls == "yes" else smtplib.SMTP
    with kind(server.host, server.port, timeout=TIMEOUT) as connection:
        if server.tls == "start":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)
