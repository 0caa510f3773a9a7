"""Addresses: what lies in an object store and not on this machine, and the bucket that an address names.

s3://bucket/news               a dataset: the objects below news/
gs://bucket/dumps/day-1.txt    a dump: one object
news, /data/day-1.txt          paths of this machine
"""

import os
import re

from dateline.errors import Unusable
from dateline.pipeline.rules.text import printable
from dateline.pipeline.store.bucket import Bucket

SCHEMES = ("s3://", "gs://")
EXTRAS = {
    "s3://": "boto3: install Dateline with its extra s3",
    "gs://": "google-cloud-storage: install Dateline with its extra gs",
}
"""What a scheme needs that is not installed by itself."""


def in_store(path: str) -> bool:
    """Whether a path names objects of a store."""
    return path.startswith(SCHEMES)


def absolute(path: str) -> str:
    """A path as it is wherever the process stands."""
    return path if in_store(path) else os.path.abspath(path)


def address_of(path: str) -> str:
    """A dataset's address in the one form that is shown and compared; "" for a path of this machine.

    Raises:
        Unusable: it is no address of a dataset. The message does not show it: it may hold a password.
    """
    if not in_store(path):
        return ""
    match = re.fullmatch(r"(s3|gs)://([A-Za-z0-9._-]+)/(.+?)/*", path)
    if not match or {"", ".", ".."}.intersection(match[3].split("/")) or match[3] != printable(match[3]):
        raise Unusable(
            f"a dataset's address has to be {_scheme_of(path)}BUCKET/FOLDER, and no more than that"
        )
    return f"{match[1]}://{match[2]}/{match[3]}"


def open_bucket(address: str) -> Bucket:
    """The objects below a dataset's address.

    Raises:
        Unusable: it is no such address; the store's client, or what that needs, is not there.
    """
    return _open(address_of(address))


def object_at(path: str) -> tuple[Bucket, str]:
    """The bucket that an object's path, or a pattern of them, names, and the key or pattern in it.

    Raises:
        Unusable: it names no object; the store's client, or what that needs, is not there.
    """
    scheme = _scheme_of(path)
    bucket, _, key = path.removeprefix(scheme).partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", bucket):
        raise Unusable(f"what stands behind {scheme} has to be the name of a bucket, and no more than that")
    if not key:
        raise Unusable(f"{path} names a bucket; give a pattern such as {scheme}{bucket}/*.txt")
    return _open(f"{scheme}{bucket}"), key


def _scheme_of(path: str) -> str:
    return next(scheme for scheme in SCHEMES if path.startswith(scheme))


def _open(address: str) -> Bucket:
    scheme = _scheme_of(address)
    try:
        if scheme == "gs://":
            from dateline.pipeline.store.gs import GSBucket

            return GSBucket(address)
        from dateline.pipeline.store.s3 import S3Bucket

        return S3Bucket(address)
    except ImportError:
        raise Unusable(f"{scheme} needs {EXTRAS[scheme]}") from None
