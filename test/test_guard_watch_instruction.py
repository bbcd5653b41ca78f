"""Instructions unlike the known ones ask; known ones, and those a person accepts, pass."""

import pytest
from chain_values import at
from risk_episodes import INSTRUCTIONS, calibrated, setup, told

from aura_ros.guard.entry import Unavailable
from aura_ros.guard.ood.texts import Distance
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.watch import About
from aura_ros.guard.watches.instruction import ENTRY, InstructionWatch
from aura_ros.sim.tasks import INSTRUCTIONS as TASKS
from aura_ros.types import Answer, Decision, Instruction

FAR = "make me a sandwich"


def watch(**options):
    return InstructionWatch(setup(instructions=tuple(TASKS), **options))


def test_nothing_is_asked_before_the_first_instruction():
    (check,) = watch().checks(at(0.0))
    assert (check.name, check.passed, check.value) == ("instruction", True, 0.0)
    assert (ENTRY.decision, InstructionWatch.about) == (Decision.ASK, About.POLICY)


@pytest.mark.parametrize("text", TASKS)
def test_known_instructions_pass_as_they_are_written(text):
    for written in (text, f"  {text.upper()}  "):
        assert told(watch(), [Instruction(written)]).value == 0.0


def test_an_unknown_instruction_asks():
    check = told(watch(), [Instruction(FAR)])
    assert (check.passed, check.decision) == (False, Decision.ASK)
    assert check.value > check.limit
    assert f"'{FAR}' is unlike" in check.detail


def test_a_distance_at_the_limit_passes_and_above_it_does_not():
    some = watch()
    some._limit = Distance(tuple(TASKS)).of(FAR)
    assert told(some, [Instruction(FAR)]).passed
    some._limit *= 1 - 1e-9
    assert not told(some, [Instruction(FAR)]).passed


def test_the_next_instruction_is_judged_anew():
    assert told(watch(), [Instruction(FAR), Instruction("open the red drawer")]).passed


def test_what_a_person_lets_resume_is_known_from_then_on():
    some = watch()
    assert told(some, [Instruction(FAR), Answer("resume")]).passed
    assert told(some, [Instruction("open the red drawer"), Instruction(FAR)]).passed
    assert not told(some, [Instruction("fold the towel"), Answer("retreat")]).passed


def test_declared_paraphrases_pass():
    assert not told(watch(), [Instruction("give way")]).passed
    assert told(watch(paraphrases=("give way",)), [Instruction("Give way")]).passed


def test_a_calibration_knows_the_instructions_of_its_episodes(tmp_path):
    path = tmp_path / "guard.json"
    calibrated().save(path)
    some = InstructionWatch(setup(path))
    assert told(some, [Instruction(INSTRUCTIONS[0])]).value == 0.0
    assert not told(some, [Instruction(FAR)]).passed


def test_without_known_instructions_it_is_unavailable():
    with pytest.raises(Unavailable, match="no calibration"):
        InstructionWatch(setup())
    with pytest.raises(CalibrationError, match="declare paraphrases"):
        InstructionWatch(setup(instructions=("open",)))
