"""Addresses: how a dataset in a store is called, and the bucket that is meant by it."""

import re

from dateline.errors import Unusable
from dateline.pipeline.rules.text import printable
from dateline.pipeline.store.bucket import Bucket
from dateline.pipeline.store.files import EXTRAS, SCHEMES, in_store


def address_of(path: str) -> str:
    """A dataset's address as it is told and compared; "" for a path of this machine.

    Raises:
        Unusable: it is none; what stands there is not told, since it may be a password.
    """
    if not in_store(path):
        return ""
    match = re.fullmatch(r"(s3|gs)://([A-Za-z0-9._-]+)/(.+?)/*", path)
    if not match or {"", ".", ".."}.intersection(match[3].split("/")) or match[3] != printable(match[3]):
        scheme = next(scheme for scheme in SCHEMES if path.startswith(scheme))
        raise Unusable(f"a dataset's address has to be {scheme}BUCKET/FOLDER, and no more than that")
    return f"{match[1]}://{match[2]}/{match[3]}"


def open_bucket(address: str) -> "Bucket":
    """What lies below an address.

    Raises:
        Unusable: it is none, or there is no client, or what it needs.
    """
    address = address_of(address)
    if address.startswith("gs://"):
        try:
            from dateline.pipeline.store.gs import GSBucket
        except ImportError:
            raise Unusable(f"gs:// needs {EXTRAS['gs://']}") from None
        return GSBucket(address)
    from dateline.pipeline.store.s3 import S3Bucket

    return S3Bucket(address)
