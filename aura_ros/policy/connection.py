"""One connection to a websocket server: one question at a time, answered in time or cut.

A connection on which anything went wrong is not used again: an answer that comes late must not
be taken for that of the next question.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any

from aura_ros.policy.backend import BackendError
from aura_ros.policy.remote import LinkError, RefusedError, last_line

# Enough for 64 chunks of 1000 rows of 64 numbers.
MAX_ANSWER = 1 << 26
CLOSE_S = 1.0


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
