"""Proxies: none is used to reach this machine.

Unless no_proxy names it, gRPC and the clients of stores use the proxy of http_proxy and the like also for this machine,
where a worker pool or a store may listen.
"""

import os
from collections.abc import MutableMapping
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "127.0.0.0/8", "::1", "[::1]")
"""As the one and the other client wants it."""

PROXIES = ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy")
SPARED = {
    "no_grpc_proxy": ("no_grpc_proxy", "no_proxy", "NO_PROXY"),
    "no_proxy": ("no_proxy", "NO_PROXY"),
    "NO_PROXY": ("NO_PROXY", "no_proxy"),
}
"""Where a client looks for the machines that no proxy is for, and what it takes if that is not set. It takes one."""

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "STORAGE_EMULATOR_HOST")
"""Where clients of stores find theirs."""


def spare_this_machine(*names: str, surroundings: MutableMapping[str, str] = os.environ) -> None:
    """Have this process, and those that it starts from now on, connect to this machine directly. Call it before the first
    connection.

    Args:
        names: what this machine is called besides.
        surroundings: the environment.
    """
    if not any(surroundings.get(name) or surroundings.get(name.upper()) for name in PROXIES):
        return
    own = [*LOOPBACK, *names, *filter(_is_loopback, map(_host_of, map(surroundings.get, ENDPOINTS)))]
    spared_by = {name: next(filter(None, map(surroundings.get, names)), "") for name, names in SPARED.items()}
    for name, spared in spared_by.items():
        if spared.strip() != "*" or name == "no_grpc_proxy":  # which stands for all, but not for gRPC
            given = (each.strip() for each in spared.split(","))
            surroundings[name] = ",".join(dict.fromkeys(filter(None, (*given, *own))))


def _host_of(address: str | None) -> str:
    try:
        return str(urlsplit(address if "//" in (address or "") else f"//{address or ''}").hostname or "")
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "localhost" or host.endswith(".localhost")
