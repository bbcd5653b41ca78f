"""The chunk was made with what it should be: model, normalisation, configuration, instruction."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import failed, passed
from aura_ros.guard.watch import Judged
from aura_ros.robot.spec import Field, Flag, Table, Text
from aura_ros.types import NS, ROLLBACK, Check, ClockJump, Instruction, Now

_DIGEST = Text(r"[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits")
# Sessions of the policy whose model is remembered.
SESSIONS = 16

OPTIONS = Table(
    {
        "model": Field(
            _DIGEST, "SHA-256 of the weights; absent: those of a session's first chunk", None
        ),
        "normalisation": Field(
            _DIGEST,
            "SHA-256 of the normalisation; absent: that of a session's first chunk",
            None,
        ),
        "require": Field(Flag(), "refuse chunks that do not say what they were made with", False),
    }
)


def instruction_digest(text: str) -> str:
    """SHA-256 (hex) of an instruction, as a chunk's provenance has it."""
    return hashlib.sha256(text.encode()).hexdigest()


class ProvenanceCheck:
    """Value: number of digests that are not the expected ones; limit 0.

    The configuration is the robot's, the instruction the one that was heard last, or, where the
    observation is from before that, the one before. Model and normalisation are pinned, or else
    stay within a session of the policy what they were in its first chunk. What a chunk does not
    say passes unless it is pinned or ``require`` is set. The way back is made by no policy: of
    it only what it says of itself is compared.
    """

    def __init__(self, setup: Setup) -> None:
        self._robot, self._options, self._decision = setup.robot, setup.options, setup.decision
        self._told: tuple[tuple[int, str], ...] = ()
        self._trusted: OrderedDict[int, dict[str, str]] = OrderedDict()

    def hear(self, value: Any, now: Now) -> None:
        """Instructions: the last two, and when they were heard (ROS time). Judged chunks: what a
        session says in its first one that passes is what it stays."""
        if isinstance(value, Instruction):
            digest = instruction_digest(value.text)
            if not self._told or digest != self._told[-1][1]:
                self._told = (*self._told[-1:], (now.ros_ns, digest))
        elif isinstance(value, Judged) and value.chunk.source != ROLLBACK:
            if all(check.passed for check in value.checks):
                self._trust(value.chunk.session, vars(value.chunk.provenance))
        elif isinstance(value, ClockJump):
            # Times before the jump say nothing now; what was told last still holds.
            self._told = tuple((0, digest) for _, digest in self._told[-1:])

    def __call__(self, context: Context) -> Check:
        """Compare."""
        wrong = self._wrong(context)
        if not wrong:
            return passed("provenance", 0, 0)
        words = "; ".join(wrong)
        return failed("provenance", len(wrong), 0, self._decision, words)

    def _wrong(self, context: Context) -> list[str]:
        said = vars(context.chunk.provenance)
        is_policy = context.chunk.source != ROLLBACK
        expected = self._expected(context, is_policy)
        wrong = []
        for name, digest in said.items():
            if digest and expected[name] and digest not in expected[name]:
                wrong.append(f"{name} {digest[:12]} is not {expected[name][0][:12]}")
            elif not digest and is_policy and self._must_say(name):
                wrong.append(f"{name} is not said: see the policy's health")
        return wrong

    def _must_say(self, name: str) -> bool:
        return bool(self._options["require"] or self._options.get(name))

    def _expected(self, context: Context, is_policy: bool) -> dict[str, tuple[str, ...]]:
        """Digests of which each must be one; none: any will do."""
        first = self._trusted.get(context.chunk.session, {}) if is_policy else {}
        pinned = {name: self._options[name] for name in ("model", "normalisation")}
        allowed = {name: pin or first.get(name, "") for name, pin in pinned.items()}
        return {
            "configuration": (self._robot.digest,),
            "instruction": self._instructions(context),
            **{name: (digest,) if digest else () for name, digest in allowed.items()},
        }

    def _instructions(self, context: Context) -> tuple[str, ...]:
        """What the policy may have been told when it saw what it answers to."""
        if not self._told:
            return ()
        heard_ns, last = self._told[-1]
        tolerance_ns = int(context.config.clock_tolerance * NS)
        if len(self._told) > 1 and context.chunk.observation_stamp_ns <= heard_ns + tolerance_ns:
            return (last, self._told[0][1])
        return (last,)

    def _trust(self, session: int, said: dict[str, str]) -> None:
        first = self._trusted.setdefault(session, {})
        for name in ("model", "normalisation"):
            if said[name]:
                first.setdefault(name, said[name])
        while len(self._trusted) > SESSIONS:
            self._trusted.popitem(last=False)


ENTRY = Entry("provenance", Stage.CHUNK, ProvenanceCheck, options=OPTIONS)
