"""The secret of a worker pool: who knows it may have the pool start workers, and so run code.

It lies in a file that only its user may read, and is sent to nobody. What is sent is a pass, made with it for one call and
some time. An engine takes it along in the description of the job, which more people see than the file, and longer.
"""

import hmac
import os
import secrets
import stat
import time
from contextlib import suppress

from dateline.errors import UsageError
from dateline.pipeline.atomic import whole_file

PASS = "dateline-pass"
"""What a pass is called: in a call's metadata, and in the parameters of a request for a worker."""

LEAST, MOST = 16, 4096
"""Bytes of a secret."""

OPTION = "--token-file"


def default_file() -> str:
    """Where the secret of this user's pools lies, unless they are told otherwise."""
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(folder, "dateline", "pool-token")


def file_for_run(asked: str | None) -> str | None:
    """The file that a run takes: the one asked for, else the default one if it is there."""
    return asked or (default_file() if os.path.exists(default_file()) else None)


def file_for_pool() -> str:
    """The default file, made if it is not there.

    Raises:
        UsageError: it cannot be made.
    """
    path = default_file()
    if os.path.lexists(path):
        return path
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with (
            suppress(FileExistsError),
            whole_file(path, is_new=True, mode=0o600) as file,
        ):  # another pool was faster
            file.write(secrets.token_urlsafe(32).encode() + b"\n")
    except OSError as error:
        raise UsageError(
            f"{path}, the pool's secret, cannot be made: {error.strerror}; give {OPTION}"
        ) from None
    return path


def read(path: str) -> bytes:
    """The secret in a file, without white space around it.

    Raises:
        UsageError: it cannot be read, it is not this user's (or root's) alone, or is no secret.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            status = os.fstat(file.fileno())
            secret = file.read(MOST + 1).strip() if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise UsageError(f"{OPTION} {path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{OPTION} {path} is no file")
    if status.st_uid not in (0, os.geteuid()):
        raise UsageError(
            f"{OPTION} {path} belongs to user {status.st_uid}, who knows the secret and can change it; it must be yours "
            f"(user {os.geteuid()})"
        )
    if status.st_mode & 0o077:
        raise UsageError(
            f"{OPTION} {path} is open to other users (mode {stat.S_IMODE(status.st_mode):04o}); make it yours alone "
            "(chmod 600), and since others may have read it, put another secret there"
        )
    if not LEAST <= len(secret) <= MOST:
        raise UsageError(
            f"{OPTION} {path} holds {len(secret)} bytes; a secret has {LEAST} to {MOST}, best made by chance: "
            f"(umask 077 && head -c 32 /dev/urandom | base64 > {path})"
        )
    return secret


def _at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def pass_for(secret: bytes, call: str, seconds: int) -> str:
    """A pass for one kind of call.

    Args:
        secret: the pool's.
        call: the gRPC method, as /service/method.
        seconds: how long it is good.
    """
    until = str(int(time.time()) + seconds)
    return f"{until}-{_seal(secret, call, until)}"


def is_good(shown: str, secret: bytes, call: str) -> bool:
    """Whether a pass was made with the secret for this call, and its time is not over. How long the look takes tells
    nothing of the secret."""
    until, _, seal = shown.partition("-")
    made = _seal(secret, call, until)
    return hmac.compare_digest(seal.encode(), made.encode()) and time.time() < int(until)


def _seal(secret: bytes, call: str, until: str) -> str:
    return hmac.digest(secret, f"{call} {until}".encode(), "sha256").hex()
