"""gRPC takes the proxy of http_proxy for every address, that of the machine itself too, unless it is told otherwise."""

import os
import socket

OWN = ("localhost", "127.0.0.0/8", "::1")


PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")


def spare_this_machine() -> None:
    """Have gRPC connect to this machine directly, in this process and those that it starts from now on. Call it before the
    first connection."""
    surroundings = os.environ
    if not any(map(surroundings.get, PROXIES)):
        return
    spared = next(filter(None, map(surroundings.get, ("no_grpc_proxy", "no_proxy", "NO_PROXY"))), None)
    names = dict.fromkeys((*OWN, socket.gethostname(), socket.getfqdn()))
    surroundings["no_grpc_proxy"] = ",".join(filter(None, (spared, *names)))
