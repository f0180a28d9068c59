"""Passwords: which ones may be chosen, their argon2id hashes, and a check that takes as long for unknown users."""

import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import Invalid
from ..storage.hashing import digest
from .names import canonical

Result = TypeVar("Result")
LEAST, MOST = 10, 1000  # characters of a password
# The least that the OWASP Password Storage Cheat Sheet allows for argon2id: 19 MiB, 2 passes, 1 lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1


class Passwords:
    """Makes and checks hashes. A call takes some tens of milliseconds of a core; ``HashQueue`` limits how many run."""

    def __init__(
        self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, lanes: int = LANES, threads: int = 2
    ) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, lanes, type=Type.ID)
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._count = threads
        self._threads: ThreadPoolExecutor | None = None
        self._process = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        """Return the hash of *password*, with its salt and cost, in argon2's own format."""
        return self._in_thread(self._hasher.hash, _prepare(password))

    def check(self, hashed: str | None, password: str) -> bool:
        """Whether *hashed* is the hash of *password*. Without a hash (None) it is not, after the same time."""
        try:
            good = self._in_thread(self._hasher.verify, hashed or self._nobody, _prepare(password))
            return good and hashed is not None
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """End the threads; another call starts new ones. Call it before forking."""
        if self._threads:
            self._threads.shutdown()
        self._threads = None

    def _in_thread(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call *function* in one of few threads of their own.

        The allocator keeps the memory that a thread once needed: 19 MiB for each thread that has made a hash.
        """
        with self._lock:
            if self._threads is None or self._process != os.getpid():
                self._threads, self._process = ThreadPoolExecutor(self._count, "passwords"), os.getpid()
        return self._threads.submit(function, *arguments).result()

    def is_old(self, hashed: str) -> bool:
        """Whether *hashed* was made at another cost than today's."""
        return self._hasher.check_needs_rehash(hashed)


def check_acceptable(password: str, *known: str | None) -> str:
    """Return *password* if it may be chosen, else raise Invalid. *known* are texts that an attacker would try first."""
    if not LEAST <= len(password) <= MOST:
        raise Invalid("password", f"a password has {LEAST} to {MOST} characters")
    if len(set(password)) < 4 or canonical(password) in {canonical(word) for word in known if word}:
        raise Invalid("password", "this password is too easy to guess; choose another")
    return password


def state_of(hashed: str | None) -> str:
    """Return a short hash of a password's hash, to bind a link or a grant to the password of this moment."""
    return digest(hashed or "")[:16]


def generate_password() -> str:
    """Return a new random password of 120 bits, in 20 characters."""
    return secrets.token_urlsafe(15)


def _prepare(password: str) -> bytes:
    # One keyboard sends é as one character, another as two (RFC 8265, 4.2).
    return unicodedata.normalize("NFC", password)[: MOST + 1].encode(errors="surrogatepass")
