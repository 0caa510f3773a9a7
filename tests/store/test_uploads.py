"""An upload is one call, which its own answer checks; whatever goes wrong on the way, the object is whole or not there."""

import os
from hashlib import sha256
from types import SimpleNamespace

import botocore.endpoint
import pyarrow as pa
import pytest
from botocore.config import Config

from dateline.errors import StoreError
from dateline.pipeline.store import s3
from dateline.pipeline.store.address import open_bucket
from dateline.pipeline.store.s3_client import s3_client
from tests.helpers.stores import BUCKET

ADDRESS = f"s3://{BUCKET}/news"
DATA = os.urandom(5000)
SMALLEST_PART = 5 << 20
"""That S3 takes, but for an object's last."""
LARGE = os.urandom(1 << 20) * 11
WAIT_SECONDS = 0.3


def digest_of(data) -> str:
    return sha256(data).hexdigest()


@pytest.fixture
def bucket(here, monkeypatch):
    """Objects whose client waits for nothing."""
    here()
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(s3, "PART_BYTES", SMALLEST_PART)
    return open_bucket(ADDRESS)


@pytest.fixture
def sent(bucket):
    """The requests that are sent from now on: their methods."""
    made = []

    def note(request, **_):
        made.append(request.method)

    events = s3_client().meta.events
    events.register("before-send.s3", note)
    yield made
    events.unregister("before-send.s3", note)


BUFFERS = {
    "bytes": bytes, "bytearray": bytearray, "a view": memoryview, "a view of it": lambda data: memoryview(b"12" + data)[2:],
    "a buffer of pyarrow's": pa.py_buffer,
}  # fmt: skip


@pytest.mark.parametrize("kind", BUFFERS)
@pytest.mark.parametrize("data", [DATA, b""])
def test_bytes_are_uploaded_at_one_call(bucket, sent, store, kind, data):
    bucket.upload_bytes(BUFFERS[kind](data), "x", digest_of(data))
    assert sent == ["PUT"]
    assert bucket.get("x")[0] == data
    kept = store.client.head_object(Bucket=BUCKET, Key="news/x", ChecksumMode="ENABLED")
    assert kept["ChecksumSHA256"] == s3._base64(data)


@pytest.mark.parametrize("data", [DATA, b""])
def test_a_file_is_uploaded_at_one_call(bucket, sent, tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    bucket.upload(str(tmp_path / "file"), "x", digest_of(data))
    assert sent == ["PUT"]
    assert bucket.get("x")[0] == data


def test_what_is_larger_goes_in_parts(bucket, sent, tmp_path):
    """And one call more, where the last answer tells no checksum: the server's does not."""
    bucket.upload_bytes(LARGE, "x", digest_of(LARGE))
    assert sent == ["POST", "PUT", "PUT", "PUT", "POST", "HEAD"]
    (tmp_path / "file").write_bytes(LARGE)
    bucket.upload(str(tmp_path / "file"), "y", digest_of(LARGE))
    assert bucket.get("x")[0] == bucket.get("y")[0] == LARGE


def test_parts_are_checked_by_the_last_answer_where_it_tells_a_checksum(bucket, sent, monkeypatch):
    parts = (LARGE[at : at + SMALLEST_PART] for at in range(0, len(LARGE), SMALLEST_PART))
    right = s3._base64(b"".join(sha256(part).digest() for part in parts))
    real, tells = s3_client().complete_multipart_upload, f"{right}-3"
    monkeypatch.setattr(
        bucket._client, "complete_multipart_upload", lambda **to: real(**to) | {"ChecksumSHA256": tells}
    )
    bucket.upload_bytes(LARGE, "x", digest_of(LARGE))
    assert sent == ["POST", "PUT", "PUT", "PUT", "POST"]
    tells = s3._base64(b"other")
    with pytest.raises(StoreError, match="news/x is not what was written to it"):
        bucket.upload_bytes(LARGE, "x", digest_of(LARGE))


@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_bytes_of_another_checksum_are_not_uploaded(bucket, store, tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(OSError, match="s3://dumps/news/x is not what was written to it"):
        bucket.upload_bytes(data, "x", digest_of(b"other"))
    with pytest.raises(OSError, match="file is not what was written to it"):
        bucket.upload(str(tmp_path / "file"), "x", digest_of(b"other"))
    assert bucket.get("x") is None
    assert "Uploads" not in store.client.list_multipart_uploads(Bucket=BUCKET)


FAULTS = ("slow", "error", "cut", "torn", "lost")


@pytest.mark.parametrize("fault", FAULTS)
def test_an_upload_that_fails_once_is_done_again(bucket, sent, store, fault):
    store.fail(["PUT", "news/x", 1, 1, fault])
    bucket.upload_bytes(DATA, "x", digest_of(DATA))
    assert sent == ["PUT"] * (1 if fault == "torn" else 2)  # there is nothing to be torn of its answer
    assert bucket.get("x")[0] == DATA


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "call", [("POST", "uploads"), ("PUT", "partNumber=2"), ("POST", "uploadId"), ("HEAD", "news")]
)
def test_an_upload_in_parts_of_which_a_call_fails_once(bucket, store, call, fault):
    """Also where the last call was done, and the answer lost: the store no longer knows the upload then."""
    store.fail([*call, 1, 1, fault])
    bucket.upload_bytes(LARGE, "x", digest_of(LARGE))
    assert bucket.get("x")[0] == LARGE


@pytest.mark.parametrize("fault", ["late", "never"])
def test_an_answer_that_does_not_come_in_time(bucket, store, monkeypatch, fault):
    """Whether the store did it or not, it is done again."""
    hasty = store.client_that(Config(read_timeout=WAIT_SECONDS, retries={"total_max_attempts": 2}))
    monkeypatch.setattr(bucket, "_client", hasty)
    store.fail(["PUT", "news/x", 1, 1, fault])
    bucket.upload_bytes(DATA, "x", digest_of(DATA))
    assert bucket.get("x")[0] == DATA
    store.fail(["PUT", "news/y", 1, 0, fault])
    with pytest.raises(StoreError, match="news/y cannot be written: Read timeout"):
        bucket.upload_bytes(DATA, "y", digest_of(DATA))
    found = bucket.get("y")
    assert (found and found[0]) == (DATA if fault == "late" else None)


@pytest.mark.parametrize("fault", ["slow", "error", "cut", "lost"])
def test_a_store_that_goes_on_failing(bucket, store, monkeypatch, fault):
    monkeypatch.setattr(bucket, "_client", store.client_that(Config(retries={"total_max_attempts": 2})))
    store.fail(["PUT", "news/x", 1, 0, fault])
    with pytest.raises(StoreError, match="s3://dumps/news/x cannot be written"):
        bucket.upload_bytes(DATA, "x", digest_of(DATA))
