"""What counts as a catch, and what does not."""

import numpy as np
import pytest
from chain_values import at, chunk, moving_plan, toy

from aura_ros.replay.caught import Caught
from aura_ros.replay.faults.fault import Fault, Injected
from aura_ros.types import (
    NS,
    Check,
    Commitment,
    Decision,
    FuserStatus,
    GuardStatus,
    Mode,
    Verdict,
)

ROBOT = toy()


class Run:
    """A fault from 1 s on, chunks, and what is said about them."""

    def __init__(self):
        injected = Injected("spike:joint_1:1:1", "spike", "joint_1", 1.0, 1.0)
        self.fault = Fault(injected, ROBOT, at(0).steady_ns)
        self.caught = Caught(self.fault)
        self.said = None

    def take(self, value, t):
        self.caught.take(value, at(t))

    def chunk(self, t, faulty=True):
        self.said = chunk(ROBOT, t, round(100 * t) + 1)
        self.fault.faulty = False
        if faulty:
            self.fault.note(self.said, 0, at(t))
        self.take(self.said, t)

    def verdict(self, t, decision=Decision.REFUSE, reason="row_velocity", of=None, correction=None):
        digest = (of or self.said).digest
        self.take(Verdict(0, digest, "", decision, reason, (), correction=correction), t)

    def commit(self, t, of=None):
        plan = moving_plan(ROBOT, t, chunk_digest=(of or self.said).digest)
        self.take(Commitment(plan), t)

    def status(self, t, mode, failing="front"):
        check = Check(failing, mode in (Mode.ARMED, Mode.ACTIVE), 1, 0.3, Decision.HOLD)
        self.take(GuardStatus(0, mode, "words", (check,), 0, {}), t)

    def fuser(self, t, **refused):
        self.take(FuserStatus(0, "moving", 1.0, 0, refused, "", 0.0, False), t)

    @property
    def found(self):
        return self.caught.metrics()


@pytest.fixture
def run():
    return Run()


def test_a_refusal_of_a_faulty_chunk_is_a_catch(run):
    run.chunk(1.0)
    run.verdict(1.1)
    found = run.found
    assert found["caught"] == found["faulty_refused"] == found["faulty_chunks"] == 1
    assert (found["caught_decision"], found["caught_by"]) == ("REFUSE", "row_velocity")
    assert found["caught_after_s"] == pytest.approx(0.1)
    assert found["injected"] == "spike:joint_1:1:1"


def test_the_first_catch_counts(run):
    run.chunk(1.0)
    run.verdict(1.1)
    run.chunk(1.2)
    run.verdict(1.3, Decision.STOP, "other")
    assert run.found["caught_by"] == "row_velocity"
    assert run.found["faulty_refused"] == 2


def test_what_is_committed_was_let_through(run):
    run.chunk(1.0)
    run.verdict(1.0, Decision.ALLOW, "")
    run.commit(1.1)
    run.commit(1.1)
    found = run.found
    assert (found["caught"], found["caught_by"], found["faulty_committed"]) == (0, "", 1)


def test_plans_of_no_chunk_are_not_counted(run):
    run.chunk(1.0, faulty=False)
    run.take(Commitment(moving_plan(ROBOT, 1.0)), 1.0)
    assert run.found["faulty_committed"] == run.found["faulty_chunks"] == 0


def test_a_correction_that_is_committed_is_counted_apart(run):
    run.chunk(1.0)
    other = chunk(ROBOT, 1.0, 999)
    run.verdict(1.0, Decision.CLAMP, "row_position", correction=other)
    run.commit(1.1, of=other)
    found = run.found
    assert found["caught_decision"] == "CLAMP"
    assert (found["faulty_refused"], found["faulty_corrected"], found["faulty_committed"]) == (
        1, 1, 0,
    )  # fmt: skip


def test_what_the_fuser_refuses_first_is_no_catch_of_the_guard(run):
    run.chunk(1.0)
    run.fuser(1.0, late=1, guard_row_velocity=1)
    assert run.found["faulty_fuser_refused"] == 1
    assert not run.found["caught"]


def test_what_the_guard_refused_is_not_the_fusers(run):
    run.chunk(1.0)
    run.fuser(1.0, guard_row_velocity=1)
    assert run.found["faulty_fuser_refused"] == 0


def test_a_mode_that_does_not_move_is_a_catch_once_the_fault_began(run):
    run.status(0.9, Mode.ACTIVE)
    run.chunk(1.0)
    run.verdict(1.0, Decision.ALLOW, "")
    run.status(1.3, Mode.HOLD)
    found = run.found
    assert (found["caught_decision"], found["caught_by"]) == ("HOLD", "front")
    assert found["caught"] == 1


def test_who_holds_already_catches_nothing(run):
    run.status(0.5, Mode.ACTIVE)
    run.status(0.9, Mode.HOLD)
    run.chunk(1.0)
    run.verdict(1.0, Decision.HOLD, "mode")
    run.status(1.1, Mode.HOLD)
    assert run.found["caught_by"] == ""
    assert run.found["blocked_before_fault"] == 1


def test_a_refusal_before_the_fault_is_a_false_alarm(run):
    run.chunk(0.5, faulty=False)
    run.verdict(0.5)
    assert run.found["blocked_before_fault"] == 1
    assert not run.found["caught"]


@pytest.mark.parametrize(("after_s", "due_s", "in_time"), [
    (0.9, 0.1, 1), (1.1, 0.1, 0), (1.1, 1.5, 1), (1.1, None, 0),
])  # fmt: skip
def test_in_time_is_within_a_second_or_before_the_first_faulty_row(run, after_s, due_s, in_time):
    run.chunk(1.0)
    run.fault.due_ns = None if due_s is None else at(1.0 + due_s).ros_ns
    run.verdict(1.0 + after_s)
    found = run.found
    assert found["caught"] == in_time
    assert found["caught_by"] == "row_velocity"
    assert np.isclose(found["caught_after_s"], after_s, atol=1 / NS)
