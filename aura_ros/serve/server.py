"""A policy behind a websocket, in the format of openpi's servers.

Source: openpi, src/openpi/serving/websocket_policy_server.py: metadata when a connection is
opened, then an answer to each observation; a text is an error. Other than there, an error does
not end the connection, and one who asks for what cannot be answered is told why.
"""

from __future__ import annotations

import http
import logging
import threading
import time
from contextlib import suppress
from typing import Any

from aura_ros.policy.backend import BackendError
from aura_ros.policy.declared import NOISY_ROWS, SAMPLES
from aura_ros.policy.served import Served, answer_to
from aura_ros.policy.wire import DECLARED, WireError, checked, checked_velocity, pack
from aura_ros.serve.registry import ServeError
from aura_ros.serve.wire import question

LOG = logging.getLogger("aura_ros.serve")
# Sixteen raw images of four megapixels.
MAX_QUESTION = 16 * 3 * (1 << 22)
HEALTH = "/healthz"


class PolicyServer:
    """Serves ``served`` on ``host``, ``port`` (0: a free one) between ``with`` and its end.

    One inference at a time, whoever asks; ``connections`` are those that are open. Raises
    ServeError where the port cannot be had.
    """

    def __init__(self, served: Served, host: str, port: int) -> None:
        from websockets.sync.server import serve

        self._served = served
        self._greeting = pack({DECLARED: served.declared.to_mapping()})
        self._one_at_a_time = threading.Lock()
        self.connections: set[Any] = set()
        try:
            self._server = serve(
                self._talk, host, port,
                compression=None, max_size=MAX_QUESTION, process_request=_health,
            )  # fmt: skip
        except (OSError, OverflowError) as error:  # the latter of a port above 65535
            raise ServeError(f"{host}:{port}: {error}; choose another --host or --port") from None
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="accept")

    def __enter__(self) -> PolicyServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        # Older versions of websockets leave connections open.
        for connection in list(self.connections):
            connection.close()
        self._thread.join()

    def _talk(self, connection: Any) -> None:
        from websockets.exceptions import ConnectionClosed

        self.connections.add(connection)
        try:
            with suppress(ConnectionClosed):
                connection.send(self._greeting)
                for message in connection:
                    connection.send(self._reply(message))
        finally:
            self.connections.discard(connection)

    def _reply(self, message: bytes | str) -> bytes | str:
        """The answer to a message, or words why there is none."""
        try:
            return self._answer(message)
        except (WireError, BackendError) as error:
            LOG.warning("refused: %s", error)
            return f"{self._served.declared.name}: {error}"
        except Exception as error:  # a foreign policy may raise anything; others are served on
            LOG.exception("the policy failed")
            return f"{self._served.declared.name}: {type(error).__name__}: {error}"

    def _answer(self, message: bytes | str) -> bytes:
        declared = self._served.declared
        asked = question(message, declared)
        began = time.monotonic()
        with self._one_at_a_time:
            answer = answer_to(self._served, asked)
        if NOISY_ROWS in asked:
            checked_velocity(answer, asked[NOISY_ROWS].shape)
        else:
            checked(answer, declared, asked.get(SAMPLES, 1))
        took_ms = 1000 * (time.monotonic() - began)
        return pack({**answer, "server_timing": {"infer_ms": took_ms}})


def _health(connection: Any, request: Any) -> Any:
    """For whoever looks if the server lives; None: go on with the handshake."""
    return connection.respond(http.HTTPStatus.OK, "OK\n") if request.path == HEALTH else None
