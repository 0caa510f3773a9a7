"""Ports of this machine where nothing listens."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Ports of loopback where nothing listens."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in bound]
