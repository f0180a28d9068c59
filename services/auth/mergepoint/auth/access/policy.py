"""Policies: what a place asks of whoever comes. ``public``, ``optional``, ``user``, ``admin`` or ``scope:<name>``."""

from dataclasses import dataclass

from ..accounts.user import User
from ..credentials.keys import SCOPE, Key, covers
from ..errors import Forbidden, Invalid


@dataclass(frozen=True)
class Caller:
    """Who asks: a user, by a session or by a *key*."""

    user: User
    key: Key | None = None
    session_id: str | None = None


def check_policy(policy: str) -> str:
    """Return *policy* if there is such a one. What cannot be read must not be taken for something milder."""
    if policy in ("public", "optional", "user", "admin"):
        return policy
    kind, _, scope = policy.partition(":")
    if kind != "scope" or not SCOPE.fullmatch(scope):
        raise Invalid("policy", f"{policy[:40]!r} is none: public, optional, user, admin or scope:<name>")
    return policy


def authorise(policy: str, service: str, caller: Caller) -> None:
    """Raise Forbidden unless *caller* may enter *service* under *policy*.

    A session may what its user may. A key may less: only services that its scopes name, and nothing of an
    administrator's without the scope ``admin``.
    """
    if policy == "admin" and not caller.user.admin:
        raise Forbidden("this is for administrators")
    if caller.key is None:
        return
    wanted = policy.partition(":")[2] if policy.startswith("scope:") else service
    if not covers(caller.key.scopes, wanted):
        raise Forbidden(f"this key lacks the scope {wanted!r}")
    if policy == "admin" and not covers(caller.key.scopes, "admin"):
        raise Forbidden("this key lacks the scope 'admin'")
