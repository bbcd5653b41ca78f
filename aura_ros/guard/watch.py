"""Checks that remember: they hear what the guard hears, and say how world and policy are."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, ClassVar

from aura_ros.guard.lattice import unknown
from aura_ros.types import ActionChunk, Check, JointState, Now, Plan


class About(enum.Enum):
    """What a watch is about. Where the policy is in doubt, the way back may still be taken; where
    the world or the chain is bad, nothing moves."""

    WORLD = "world"
    POLICY = "policy"


@dataclass(frozen=True)
class Turn:
    """A plan was judged: what it was made of, what it continues, and what the checks found.

    ``allowed`` says whether the verdict let it move.
    """

    chunk: ActionChunk
    plan: Plan
    committed: Plan | None
    measured: JointState | None
    checks: tuple[Check, ...]
    allowed: bool


@dataclass(frozen=True)
class Judged:
    """A chunk was judged as it arrived."""

    chunk: ActionChunk
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Stray:
    """The fuser committed what the guard did not allow: ``words`` say what. It moves until
    ``until_ns``, or another motion is committed."""

    until_ns: int
    words: str


class Watch:
    """A check that remembers. Subclasses name it, hear values, and say how things stand."""

    name: ClassVar[str]
    about: ClassVar[About] = About.WORLD

    def hear(self, value: Any, now: Now) -> None:
        """Take one value that the guard heard: of the waist, Judged, Turn or Stray."""

    def checks(self, now: Now) -> tuple[Check, ...]:
        """How things stand."""
        raise NotImplementedError

    def share(self, now: Now) -> float:
        """Share of the velocity limits that may be used now, in (0, 1]."""
        return 1.0


class Hearing(Watch):
    """A check of chunks or plans that also hears: it says nothing here, and holds if it raises."""

    def __init__(self, listener: Any) -> None:
        self._listener = listener
        module = type(listener).__module__.rsplit(".", 1)[-1]
        self.name = str(getattr(listener, "name", module))  # type: ignore[misc]

    def hear(self, value: Any, now: Now) -> None:
        """Hand the value on."""
        self._listener.hear(value, now)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """What it says, it says of chunks and plans."""
        return ()


class Guarded:
    """A watch that can only fail closed: once it raised it stands against motion, by its name,
    until a person resets the guard. Of one moment it is asked once."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.name, self.about = watch.name, watch.about
        # Most leave motion as fast as it is.
        self.slows = getattr(watch.share, "__func__", None) is not Watch.share
        self._broken = ""
        self._asked: Now | None = None
        self._said: tuple[Check, ...] = ()

    def hear(self, value: Any, now: Now) -> None:
        """Hand the value on."""
        self._asked = None
        try:
            self._watch.hear(value, now)
        except Exception as error:  # a broken check must not let anything through
            self._broken = f"raised {error!r}"

    def checks(self, now: Now) -> tuple[Check, ...]:
        """What the watch says, or that it is broken."""
        if self._asked is not now:
            self._asked, self._said = now, self._found(now)
        return self._said

    def _found(self, now: Now) -> tuple[Check, ...]:
        if self._broken:
            return (unknown(self.name, self._broken),)
        try:
            return self._watch.checks(now)
        except Exception as error:
            return (unknown(self.name, f"raised {error!r}"),)

    def share(self, now: Now) -> float:
        """What the watch says; nothing where it raises: its checks hold anyway."""
        try:
            return self._watch.share(now)
        except Exception as error:
            self._asked, self._broken = None, f"raised {error!r}"
            return 1.0

    def mend(self) -> None:
        """A person resets the guard: the watch may try again."""
        self._asked, self._broken = None, ""
