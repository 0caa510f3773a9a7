"""boto3's client: one for each process, how patient it is, and what its errors are here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import boto3
from botocore import exceptions as raised
from botocore.config import Config
from botocore.session import get_session

from dateline.errors import StoreError, Unusable
from dateline.pipeline.store.bucket import failure, one_line

ATTEMPTS = 10
"""How often the client makes a call that fails, or for which the store is too busy: within two minutes, if it answers at
once. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE, or the same in a profile, replace this."""
_ARRIVED_WRONG = ("BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch")
"""What the store says of a body whose bytes are not those of the checksum that was sent along."""


def s3_client() -> Any:
    """boto3's client, one for each process; its threads may share it.

    Raises:
        StoreError: see s3_errors().
    """
    with s3_errors("S3 cannot be asked"):
        return _client(os.getpid())


@lru_cache(maxsize=1)
def _client(process: int) -> Any:
    session = get_session()
    profile = session.get_scoped_config()
    is_set = any(
        os.environ.get(f"AWS_{name.upper()}") or name in profile for name in ("max_attempts", "retry_mode")
    )
    patience = None if is_set else Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    return boto3.session.Session(botocore_session=session).client("s3", config=patience)


@contextmanager
def s3_errors(what: str, reading: bool = False) -> Iterator[None]:
    """Raise what boto3's client raises as our own errors.

    Args:
        what: what is tried; the messages begin with it.
        reading: see failure().

    Raises:
        FileNotFoundError, FileExistsError: there is no such key; a condition does not hold.
        Unusable: the store refused, or was not asked: no credentials, no such profile or bucket, an endpoint that is
            no URL.
        StoreError: it failed, or did not answer.
    """
    try:
        yield
    except raised.ClientError as error:
        code = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        name = error.response.get("Error", {}).get("Code")
        if name in _ARRIVED_WRONG:
            raise StoreError(f"{what}: {one_line(error)}") from None
        missing = Unusable if name == "NoSuchBucket" else FileNotFoundError
        raise failure(what, code, one_line(error), missing, reading) from None
    except (
        raised.ConnectionError, raised.HTTPClientError, raised.IncompleteReadError, raised.FlexibleChecksumError,
    ) as error:  # fmt: skip
        raise StoreError(f"{what}: {one_line(error)}") from None
    except (raised.BotoCoreError, ValueError) as error:
        raise Unusable(f"{what}: {one_line(error)}") from None
