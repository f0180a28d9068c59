"""Keys: who may speak to a socket beyond this machine (CurveZMQ, ZeroMQ's RFC 26; authenticated by RFC 27, ZAP)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import structlog
import zmq
from zmq.auth.thread import ThreadAuthenticator

log = structlog.get_logger()
KEY = re.compile(rb"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")  # Z85, ZeroMQ's RFC 32


class BadKey(ValueError):
    """A file that holds no key, and what was expected."""


def make(path: Path) -> str:
    """Write a new secret key to a new file at *path*, for its owner alone; return the public key that goes with it.

    Raise BadKey if the file cannot be made, or is there already.
    """
    public, secret = zmq.curve_keypair()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret + b"\n")
    return public.decode()


def read_secret(path: Path) -> bytes:
    """Return the secret key in the file at *path*; raise BadKey if there is none."""
    return _key(_read(path).strip(), f"{path}: a secret key of 40 characters (Z85) is expected")


def read_public(text: str, setting: str) -> bytes:
    """Return the public key *text*; raise BadKey, naming *setting*, if it is none."""
    return _key(text.encode(), f"{setting}: a public key of 40 characters (Z85) is expected")


class PublicKeys:
    """The public keys in a file, one on a line, with a comment after it. The file may change while this is in use."""

    def __init__(self, path: Path) -> None:
        """Read the file; raise BadKey if it is not there or has a line that is no key."""
        self._path = path
        self._stamp = self._look()
        self._keys = frozenset(_keys_in(_read(path), path, strict=True))

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    def refresh(self) -> None:
        """Read the file again if it was changed. Lines that are no keys are passed over now; a file that is gone has
        none.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return
        try:
            self._keys = frozenset(_keys_in(_read(self._path), self._path, strict=False))
        except BadKey:
            self._keys = frozenset()
        self._stamp = stamp
        log.info("keys read again", file=str(self._path), keys=len(self._keys))

    def _look(self) -> tuple[int, int, int] | None:
        """Return what changes when the file does; None if it is gone."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether a client with the public *key* may connect: what the authenticator asks."""
        self.refresh()
        return key in self._keys


class Gatekeeper:
    """Answers libzmq's question whether a client may connect, for the sockets of one *context*, by domain."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._authenticator = ThreadAuthenticator(context)
        self._authenticator.start()

    def guard(self, socket: zmq.Socket[bytes], domain: str, secret: bytes, keys: PublicKeys) -> None:
        """Let *socket*, before it is bound, speak CURVE with *secret*, and only to those with one of *keys*."""
        socket.curve_server = True
        socket.curve_secretkey = secret
        socket.zap_domain = domain.encode()
        self._authenticator.configure_curve_callback(domain, keys)

    def close(self) -> None:
        self._authenticator.stop()


def introduce(socket: zmq.Socket[bytes], secret: bytes, server: bytes) -> None:
    """Let *socket*, before it connects, speak CURVE with *secret*, and only to the *server* with that public key."""
    socket.curve_serverkey = server
    socket.curve_secretkey = secret
    socket.curve_publickey = zmq.curve_public(secret)


def _keys_in(text: bytes, path: Path, *, strict: bool) -> Iterator[bytes]:
    """Yield the first word of each line that is no comment. One that is no key is passed over, or with *strict* raises
    BadKey.
    """
    for line in text.splitlines():
        word = line.split()[:1]
        if word and not line.startswith(b"#"):
            if KEY.fullmatch(word[0]):
                yield word[0]
            elif strict:
                shown = word[0][:60].decode("ascii", "replace")
                raise BadKey(f"{path}: {shown!r} is no public key of 40 characters (Z85)")


def _key(key: bytes, expected: str) -> bytes:
    if not KEY.fullmatch(key):
        raise BadKey(expected)
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from None
