"""Connections to a websocket server: opened when needed, given up in time, never used twice.

A connection carries one question at a time. One on which anything went wrong is cut: an answer
that comes late must not be taken for that of the next question.
"""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from aura_ros.policy.backend import BackendError

T = TypeVar("T")

# Enough for 64 chunks of 1000 rows of 64 numbers.
MAX_ANSWER = 1 << 26
CLOSE_S = 1.0
# Between attempts to connect, doubled up to the longest [s].
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class LinkError(BackendError):
    """No answer: the connection could not be made, broke, or took too long."""


class RefusedError(BackendError):
    """The server answered with words instead of numbers."""


class Connection:
    """One connection. ``greeting`` is what the server said when it was opened."""

    def __init__(self, url: str, timeout_s: float) -> None:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        began = time.monotonic()
        self._url, self._is_cut = url, False
        self._stack = ExitStack()
        try:
            # No pings: openpi's server answers none while it infers, and compiling takes minutes.
            self._socket = self._stack.enter_context(
                connect(
                    url, compression=None, max_size=MAX_ANSWER, ping_interval=None, proxy=None,
                    open_timeout=timeout_s, close_timeout=CLOSE_S,
                )
            )  # fmt: skip
            left_s = began + timeout_s - time.monotonic()
            self.greeting = self._socket.recv(timeout=max(left_s, 0.0))
        except (OSError, EOFError, WebSocketException) as error:
            self._stack.close()
            words = str(error) or type(error).__name__
            raise LinkError(f"no connection to {url}: {words}; is the server running?") from None

    @property
    def is_open(self) -> bool:
        """Nothing has closed it yet."""
        return not self._is_cut and self._socket.close_code is None

    def ask(self, message: bytes, timeout_s: float) -> bytes:
        """The answer to ``message``. Raises LinkError, RefusedError; both cut the connection."""
        timer = threading.Timer(timeout_s, self.cut)
        timer.daemon = True
        timer.start()
        try:
            answer = self._answer(message, timeout_s)
        except BackendError:
            self.cut()
            raise
        finally:
            timer.cancel()
        if isinstance(answer, str):
            self.cut()
            raise RefusedError(f"the server refuses: {last_line(answer)}")
        return answer

    def _answer(self, message: bytes, timeout_s: float) -> Any:
        from websockets.exceptions import ConnectionClosed

        try:
            with suppress(TimeoutError):
                self._socket.recv(timeout=0)
                raise LinkError(f"{self._url} answered what nobody asked; connecting again")
            self._socket.send(message)
            return self._socket.recv()
        except ConnectionClosed as error:
            if self._is_cut:
                raise LinkError(f"{self._url} did not answer within {timeout_s:g} s") from None
            raise LinkError(
                f"{self._url} broke the connection before its answer was complete: {error}"
            ) from None

    def cut(self) -> None:
        """End the connection at once, also under a thread that waits for it."""
        self._is_cut = True
        with suppress(OSError):
            self._socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection in the way of the protocol."""
        self._stack.close()


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


def patiently(attempt: Callable[[float], T], timeout_s: float) -> T:
    """What ``attempt`` returns, tried for ``timeout_s``; it is told the time left [s]."""
    end = time.monotonic() + timeout_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return attempt(max(end - time.monotonic(), FIRST_PAUSE_S))
        except LinkError:
            if time.monotonic() + pause_s > end:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def last_line(text: str) -> str:
    """What went wrong, out of a traceback."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no words"
