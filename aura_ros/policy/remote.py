"""What policies on servers share: addresses, waiting for a server, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from aura_ros.policy.backend import BackendError

T = TypeVar("T")

# Between attempts to connect, doubled up to the longest [s].
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class LinkError(BackendError):
    """No answer: the connection could not be made, broke, or took too long."""


class RefusedError(BackendError):
    """The server answered with words instead of numbers."""


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


def address(given: str, scheme: str) -> str:
    """``given`` with ``scheme`` if it has none. Raises ValueError for what is no address."""
    url = given if "://" in given else f"{scheme}://{given}"
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:  # no number up to 65535
        is_port = False
    if not is_port or parts.scheme not in (scheme, f"{scheme}s") or not parts.hostname:
        raise ValueError(f"{given!r} is no address; write {scheme}://HOST:PORT")
    return url
