"""Ports for programs that are told where to listen."""

from __future__ import annotations

import atexit
import socket


def reserved() -> int:
    """Return a port of loopback that only a program that is told its number comes to.

    It stays bound here and nobody listens: the system gives it to nobody else, neither to who asks
    for any port nor to the near end of a line, and a server that says SO_REUSEADDR may listen on it
    (socket(7)).
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    atexit.register(kept.close)
    return int(kept.getsockname()[1])
