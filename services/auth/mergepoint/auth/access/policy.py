"""Policies of nginx's locations: ``public``, ``optional``, ``user``, ``admin`` or ``scope:<name>``."""

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
    """Return *policy*, or raise Invalid if there is none of that name: a typing error must not admit anybody."""
    if policy in ("public", "optional", "user", "admin"):
        return policy
    kind, _, scope = policy.partition(":")
    if kind != "scope" or not SCOPE.fullmatch(scope):
        raise Invalid("policy", f"{policy[:40]!r} is not a policy; use public, optional, user, admin or scope:<name>")
    return policy


def authorise(policy: str, service: str, caller: Caller) -> None:
    """Raise Forbidden unless *caller* may enter *service* under *policy*.

    A session has all rights of its user. A key may enter the services that its scopes name, and an administrator's
    places only with the scope ``admin`` as well.
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
