"""Messages are what their sender wrote, and from whom they say: digests, and tags by a key.

Without a key, content that does not match its digest is found; a forgery that is consistent in
itself is not. With a key (HMAC-SHA256, RFC 2104) nobody without it can write a message, nor say
one on another topic; old ones said again are for the rooms to refuse, by their stamps and order.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aura_ros.audit.canonical import canonical
from aura_ros.conversions import from_message
from aura_ros.nodes.topics import TOPICS
from aura_ros.types import ActionChunk, Commitment, Lease, Plan, Proposal, Verdict, WayBack

SEALED = (ActionChunk, WayBack, Proposal, Commitment, Verdict, Lease)
CHANGED = "the content does not match its digest"
UNSIGNED = "the message has no tag: its sender has no key"
FORGED = "the tag does not match: changed, from another topic, or written with another key"


class Authenticity:
    """Seals what a node says and checks what it hears. ``resolve`` gives the full name of a
    topic: a tag holds on that topic alone."""

    def __init__(
        self, key: bytes | None = None, resolve: Callable[[str], str] = lambda name: name
    ) -> None:
        self._key, self._resolve = key, resolve

    def seal(self, value: Any, message: Any) -> None:
        """Put the tag into the message of ``value``, if there is a key."""
        if self._key is not None and isinstance(value, SEALED):
            # As it will be read: the receiver knows no more than the message.
            message.tag = self._tag(self._key, from_message(type(value), message))

    def check(self, value: Any, message: Any) -> str:
        """What speaks against a message that was read as ``value``; empty: nothing."""
        if not isinstance(value, SEALED):
            return ""
        if not _matches(value, message):
            return CHANGED
        if self._key is None:
            return ""
        if not message.tag:
            return UNSIGNED
        tag = self._tag(self._key, value)
        is_ours = hmac.compare_digest(tag.encode(), str(message.tag).encode())
        return "" if is_ours else FORGED

    def _tag(self, key: bytes, value: Any) -> str:
        kind = type(value)
        place = canonical([kind.__name__, self._resolve(TOPICS[kind].name)])
        return hmac.new(key, place + b"\0" + _content(value), hashlib.sha256).hexdigest()


def _content(value: Any) -> bytes:
    """All that is in a value; of chunks and plans their digest, which covers it."""
    digested = _digested(value)
    if digested is not None:
        return digested.digest.encode()
    if isinstance(value, Verdict) and value.correction is not None:
        digest = value.correction.digest
        return canonical(replace(value, correction=None)) + digest.encode()
    return canonical(value)


def _digested(value: Any) -> ActionChunk | Plan | None:
    if isinstance(value, WayBack):
        return value.chunk
    if isinstance(value, Proposal | Commitment):
        return value.plan
    return value if isinstance(value, ActionChunk) else None


def _matches(value: Any, message: Any) -> bool:
    """Whether every digest in the message is that of the content beside it."""
    if isinstance(value, Verdict):
        digests = [] if value.correction is None else [value.correction.digest]
        return digests == [correction.digest for correction in message.correction]
    digested = _digested(value)
    return digested is None or bool(digested.digest == message.digest)
