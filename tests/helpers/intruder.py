"""Someone else on the machine: tries every service of Beam's and of the pool's at some addresses, and tells what came of it.

    python -m tests.helpers.intruder USER ADDRESS...

USER is the number of the user to become (0 to stay who one is). Prints a JSON object: for each address, for each service,
the gRPC status that a call ended with; OK and DEADLINE_EXCEEDED are those of a service that took the call. What it puts
into a run's state is a pickle that would run code, were it ever read.
"""

import json
import os
import sys

import grpc
from apache_beam.portability.api import beam_artifact_api_pb2 as artifact
from apache_beam.portability.api import beam_fn_api_pb2 as fn
from apache_beam.portability.api import beam_provision_api_pb2 as provision

SECONDS = 30
"""Until a call that nothing answers is taken for one that is served."""
SECONDS_OF_OWN_USER = 1
"""The same where that is what is expected."""

FN = "/org.apache.beam.model.fn_execution.v1"
STARTS = fn.StartWorkerRequest(worker_id="intruder", control_endpoint={"url": "127.0.0.1:1"})
STATE = fn.StateRequest(
    id="1",
    state_key={"bag_user_state": {"user_state_id": "s", "key": b"k"}},
    append={"data": b"cos\nsystem\n(S'true'\ntR."},
)
UNARY = {
    f"{FN}.BeamFnControl/GetProcessBundleDescriptor": fn.GetProcessBundleDescriptorRequest(),
    f"{FN}.ProvisionService/GetProvisionInfo": provision.GetProvisionInfoRequest(),
    f"{FN}.BeamFnExternalWorkerPool/StartWorker": STARTS,
    f"{FN}.BeamFnExternalWorkerPool/StopWorker": fn.StopWorkerRequest(worker_id="one"),
    "/org.apache.beam.model.job_management.v1.ArtifactRetrievalService/ResolveArtifacts": (
        artifact.ResolveArtifactsRequest()
    ),
    "/dateline.Pool/Versions": fn.StopWorkerRequest(),  # it takes no message, and this one is empty
}
STREAMS = {
    f"{FN}.BeamFnControl/Control": fn.InstructionResponse(instruction_id="1"),
    f"{FN}.BeamFnData/Data": fn.Elements(),
    f"{FN}.BeamFnState/State": STATE,
    f"{FN}.BeamFnLogging/Logging": fn.LogEntry.List(),
}


def tried(address: str, seconds: float) -> dict[str, str]:
    """How a call of each service ends."""
    told = {}
    who = [("worker_id", "intruder")]
    with grpc.insecure_channel(address) as channel:
        for method, request in UNARY.items():
            try:
                channel.unary_unary(method)(request.SerializeToString(), timeout=seconds, metadata=who)
                told[method] = "OK"
            except grpc.RpcError as error:
                told[method] = error.code().name
        for method, request in STREAMS.items():
            call = channel.stream_stream(method)
            try:
                next(call(iter([request.SerializeToString()]), timeout=seconds, metadata=who), None)
                told[method] = "OK"
            except grpc.RpcError as error:
                told[method] = error.code().name
    return told


def main() -> None:
    user = int(sys.argv[1])
    seconds = SECONDS if user else SECONDS_OF_OWN_USER
    tried("unix:/nowhere", seconds)  # loads what a call needs, and the other user may not be able to read
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    print(json.dumps({address: tried(address, seconds) for address in sys.argv[2:]}))


if __name__ == "__main__":
    main()
