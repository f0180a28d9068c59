"""Letters with links, sent by SMTP. It knows neither users nor what the links are for."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import NamedTuple

TIMEOUT = 5.0  # seconds


class Server(NamedTuple):
    """The mail server. *tls* is ``no``, ``start`` (STARTTLS) or ``yes`` (from the first byte)."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str


def password_letter(name: str, link: str) -> tuple[str, str]:
    """Return the subject and text of a letter with the *link* by which the user *name* chooses a password."""
    return "Choose a password", f"Hello {name},\n\nthis link sets your password, once:\n{link}\n"


def send(server: Server, to: str, subject: str, text: str) -> None:
    """Send a letter; raise OSError (which smtplib's errors are) if that fails."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message.set_content(text)
    with _connection(server) as connection:
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)


def _connection(server: Server) -> smtplib.SMTP:
    tls = ssl.create_default_context()  # smtplib's own context accepts any certificate
    if server.tls == "yes":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=tls)
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.tls == "start":
        connection.starttls(context=tls)
    return connection
