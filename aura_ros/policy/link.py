"""Connections to one websocket server, opened when they are needed."""

from __future__ import annotations

import threading
import time
import weakref

from aura_ros.policy.connection import Connection
from aura_ros.policy.remote import FIRST_PAUSE_S, LONGEST_PAUSE_S, LinkError, patiently


class Link:
    """Connections to the server at ``url``, one for each question in flight. Thread-safe.

    After a failure no attempt is made for a while, twice as long after each. ``greeting`` is
    what the server said first; one that says anything else later is another server.
    """

    def __init__(self, url: str, connect_s: float, answer_s: float) -> None:
        self._url, self._connect_s, self._answer_s = url, connect_s, answer_s
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._pause_s = FIRST_PAUSE_S
        self._again_s = 0.0
        self._cause = ""
        first = patiently(lambda left_s: Connection(url, left_s), connect_s)
        self.greeting = first.greeting
        self._idle.append(first)
        weakref.finalize(self, _close_all, self._idle)

    def ask(self, message: bytes, timeout_s: float | None = None) -> bytes:
        """The answer to ``message``. Raises LinkError, RefusedError."""
        connection = self._taken()
        try:
            answer = connection.ask(message, timeout_s or self._answer_s)
        except LinkError as error:
            self._failed(str(error))
            raise
        with self._lock:
            self._pause_s = FIRST_PAUSE_S
            if connection.is_open:
                self._idle.append(connection)
        return answer

    def _taken(self) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_open:
                    return connection
            left_s = self._again_s - time.monotonic()
            if left_s > 0:
                raise LinkError(f"{self._cause}; trying again in {left_s:.1f} s")
        try:
            connection = Connection(self._url, min(self._connect_s, self._answer_s))
        except LinkError as error:
            self._failed(str(error))
            raise
        if connection.greeting != self.greeting:
            connection.cut()
            raise LinkError(
                f"{self._url} is another policy now than when this was configured: "
                "configure the policy node anew, or start the server that was there"
            )
        return connection

    def _failed(self, cause: str) -> None:
        with self._lock:
            self._cause = cause
            self._again_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


def _close_all(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()
