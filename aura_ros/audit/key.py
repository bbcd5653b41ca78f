"""Keys: files that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

LEAST_BYTES = 32
REMEDY = "make one with `(umask 077; openssl rand -out FILE 32)`"


class BadKeyError(ValueError):
    """A key file that is no key, or no secret: names it, the limit and the remedy."""


def load_key(path: str | Path) -> bytes:
    """The bytes of a key file. Raises BadKeyError."""
    file = Path(path)
    try:
        mode, key = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise BadKeyError(f"key {file} cannot be read ({error.strerror}): {REMEDY}") from error
    open_to = stat.S_IMODE(mode) & 0o077
    if open_to:
        words = f"key {file} has mode {stat.S_IMODE(mode):04o}, others may use it"
        raise BadKeyError(f"{words}: `chmod 0600 {file}`, and make a new one if they did")
    if len(key) < LEAST_BYTES:
        words = f"key {file} has {len(key)} bytes, at least {LEAST_BYTES} are needed"
        raise BadKeyError(f"{words}: {REMEDY}")
    return key
