"""What is measured of the client that is used: its calls do what they are called, and a forked process can make them."""

import pytest

from benchmarks import store_calls
from tests.helpers.stores import BUCKET


@pytest.mark.parametrize("client", ["boto3", "bare-boto3"])
def test_the_calls(store, client):
    calls = store_calls.CLIENTS[client](store, b"some bytes")
    for call in calls.values():
        assert store_calls.cpu_ms(call, ["a", "b"]) >= 0
    listed = store.client.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {found["Key"]: found["Size"] for found in listed} == dict.fromkeys(("a", "a~", "b", "b~"), 10)
    assert calls["get"]("a~") == b"some bytes"


def test_the_server_that_is_measured_against_answers_as_a_store_does(tmp_path):
    with store_calls.answering(tmp_path) as store:
        calls = store_calls.boto3_calls(store, b"some bytes")
        answers = {kind: call("a") for kind, call in calls.items()}
    assert answers["put"]["ChecksumSHA256"] == "DSLNzBDm0Enb4a9RI9UIc/38Gk9YMG5Yy2JBvpRyAU0="
    assert answers["head"]["ContentLength"] == 10
    assert answers["copy"]["CopyObjectResult"]["ETag"]
    assert answers["get"] == b"some bytes"


def test_a_fork_is_survived_or_not(store):
    head = store_calls.boto3_calls(store, b"")["head"]
    store.put("a", b"")
    assert store_calls.survives_fork(head, "a")
    assert not store_calls.survives_fork(head, "none")
