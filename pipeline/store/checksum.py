"""Checksums: the SHA-256 of a file, of this machine or of a store."""

import hashlib
import os

from dateline.pipeline.elements import Pin
from dateline.pipeline.stop import look
from dateline.pipeline.store.files import open_file


def sha256_of(path: str | os.PathLike[str], pin: Pin | None = None) -> str:
    """The SHA-256 of a file, in hexadecimal. Ends with Stopped once this process is told to end, in whatever thread.

    Args:
        path: the file.
        pin: of an object the state that is read; None for that of now.
    """
    with open_file(os.fspath(path), pin) as file:
        digest, piece = hashlib.sha256(), memoryview(bytearray(1 << 18))
        while size := file.readinto(piece):
            look()
            digest.update(piece[:size])
    return digest.hexdigest()
