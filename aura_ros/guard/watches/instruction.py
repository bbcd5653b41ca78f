"""The instruction is like those that the policy is known to follow."""

from __future__ import annotations

from typing import Any

from aura_ros.guard.entry import Entry, Setup, Stage
from aura_ros.guard.lattice import below, passed
from aura_ros.guard.mode import RESUME
from aura_ros.guard.ood.texts import Distance, KnownTexts, known_texts, normalised
from aura_ros.guard.risk.calibration import OPTION, part_of
from aura_ros.guard.watch import About, Watch
from aura_ros.robot.spec import Field, ListOf, Number, Table, Text
from aura_ros.types import Answer, Check, Decision, Instruction, Now


class InstructionWatch(Watch):
    """Value: distance of the instruction from the known ones; limit: as they are from each other.

    Known ones pass, whatever the case and spaces. One that a person lets resume is known from then
    on. It tells texts apart, not meanings (:mod:`aura_ros.guard.ood.texts`).
    """

    name = "instruction"
    about = About.POLICY

    def __init__(self, setup: Setup) -> None:
        known = _known(setup)
        self._decision, self._limit = setup.decision, known.limit
        self._known = {*known.instructions, *known.paraphrases}
        self._distance = Distance((*known.instructions, *known.paraphrases))
        self._text, self._value = "", 0.0

    def hear(self, value: Any, now: Now) -> None:
        """Instructions, and a person's word."""
        if isinstance(value, Instruction):
            self._text = normalised(value.text)
        elif isinstance(value, Answer) and value.option == RESUME and self._value > self._limit:
            self._known.add(self._text)
        else:
            return
        self._value = 0.0 if self._text in self._known else self._distance.of(self._text)

    def checks(self, now: Now) -> tuple[Check, ...]:
        """One check."""
        if self._value == 0.0:
            return (passed(self.name, 0.0, self._limit),)
        words = f"the instruction {self._text!r} is unlike those that are known"
        return (below(self.name, self._value, self._limit, words, self._decision),)


def _known(setup: Setup) -> KnownTexts:
    """Texts of the options, or else of the calibration."""
    instructions = setup.options.get("instructions") or ()
    if not instructions:
        calibrated: KnownTexts
        calibrated, _ = part_of(setup, InstructionWatch.name)
        return calibrated
    return known_texts(
        instructions, setup.options.get("paraphrases") or (), setup.options.get("alpha", ALPHA)
    )


ALPHA = 0.05

ENTRY = Entry(
    InstructionWatch.name,
    Stage.WORLD,
    InstructionWatch,
    Decision.ASK,
    Table(
        {
            "calibration": OPTION,
            "instructions": Field(
                ListOf(Text(), unique=True), "known instructions, instead of the file's", ()
            ),
            "paraphrases": Field(ListOf(Text(), unique=True), "other words for them", ()),
            "alpha": Field(
                Number(0.001, 0.5), "share of texts like the known ones that may ask", ALPHA
            ),
        }
    ),
)
