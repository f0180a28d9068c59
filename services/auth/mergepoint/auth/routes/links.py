"""One-time links to choose a password, register or prove an address; mailed if there is a mail server."""

import threading
from urllib.parse import urlencode

import structlog

from .. import mail
from ..accounts.user import User
from ..audit import RequestContext
from ..request.context import auth, settings

log = structlog.get_logger()


def send_password_link(user: User, context: RequestContext) -> str:
    """Return the link by which *user* chooses a password; mail it to them if their address is proven."""
    link = auth().password_link(user)
    auth().audit.tell("password_link_made", context, user_id=user.id)
    if user.email and user.email_proven:
        _mail(user.email, *mail.password_letter(user.name, link))
    return link


def send_invitation(email: str | None, context: RequestContext) -> str:
    """Return a link by which one person may register; mail it if there is an address."""
    link = _link("/auth/register", invitation=auth().one_time_tokens.sign("invitation", {"email": email or ""}))
    auth().audit.tell("invited", context, email=email)
    if email:
        _mail(email, "An invitation", f"Hello,\n\nthis link makes an account for you, once:\n{link}\n")
    return link


def send_address_proof(user: User) -> bool:
    """Mail *user* a link that proves their address; return False without an address or a mail server."""
    if not user.email or settings().smtp is None:
        return False
    link = _link("/auth/email", token=auth().one_time_tokens.sign("email", {"user": user.id, "email": user.email}))
    _mail(user.email, "Is this your address?", f"Hello {user.name},\n\nthis link says that it is:\n{link}\n")
    return True


def _link(path: str, **values: str) -> str:
    return f"{settings().public_url}{path}?{urlencode(values)}"


def _mail(to: str, subject: str, text: str) -> None:
    """Send a letter in a thread, so that the time of the answer does not reveal whether there was one to send."""
    server = settings().smtp
    if server is None:
        return

    def send() -> None:
        try:
            mail.send(server, to, subject, text)
        except OSError as error:
            log.error("mail", detail=str(error)[:200])

    threading.Thread(target=send, name="mail").start()
