"""Serving a policy until the process is asked to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aura_ros.serve.registry import ServeError, load
from aura_ros.serve.server import PolicyServer

# Nobody is asked who they are: other machines are let in only on request.
HOST = "127.0.0.1"
PORT = 8000


def serve(backend: str, path: Path, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve ``backend`` from ``path`` until SIGINT or SIGTERM. Raises ServeError before that."""
    for package in ("websockets", "msgpack"):
        if find_spec(package) is None:
            raise ServeError(f"{package} is absent: pip install -r requirements/serve.txt")
    say(f"loading {backend} from {path}")
    served = load(backend, path)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: ended.set())
    with PolicyServer(served, host, port) as server:
        say(f"serving on ws://{host}:{server.port}")
        ended.wait()
