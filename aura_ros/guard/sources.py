"""Which sources are alive. Content that never changes counts as dead, whatever its stamps say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aura_ros.guard.lattice import failed, passed
from aura_ros.types import NS, Check, Decision, Now


@dataclass(frozen=True)
class Source:
    """What was last heard of a source, on the steady clock [ns]."""

    name: str
    heard_ns: int | None = None
    alive_ns: int | None = None
    fingerprint: int | None = None
    black: bool = False

    def heard(self, now: Now, fingerprint: int | None = None, black: bool = False) -> Source:
        """A message arrived. It is a sign of life if its content is new and not black."""
        repeated = fingerprint is not None and fingerprint == self.fingerprint
        alive = self.alive_ns if repeated or black else now.steady_ns
        return replace(
            self, heard_ns=now.steady_ns, alive_ns=alive, fingerprint=fingerprint, black=black
        )

    def check(self, now: Now, timeout_s: float) -> Check:
        """Value: time since the last sign of life [s]; limit: the time-out."""
        if self.heard_ns is None:
            words = f"{self.name} was never heard: is its topic remapped?"
            return failed(self.name, float("inf"), timeout_s, Decision.HOLD, words)
        silent = (now.steady_ns - (self.alive_ns or 0)) / NS
        if silent <= timeout_s:
            return passed(self.name, silent, timeout_s)
        return failed(
            self.name, silent, timeout_s, Decision.HOLD, self._what_is_wrong(now, timeout_s)
        )

    def _what_is_wrong(self, now: Now, timeout_s: float) -> str:
        assert self.heard_ns is not None
        if (now.steady_ns - self.heard_ns) / NS > timeout_s:
            return f"{self.name} went silent"
        return f"{self.name} is black" if self.black else f"{self.name} repeats the same content"
