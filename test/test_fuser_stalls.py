"""Stalls of the process: however long it stands still, motion goes on without a leap or a trip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chain_values import COMMAND_NS, NS, Cell, home, lease, moving_plan, toy, verdict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aura_ros.fuser.fuser import Fuser
from aura_ros.types import Commitment, Diverged, JointState, Lease, Now, Proposal, Tick, Track

ROBOT = toy()
# What is done first after a stall: the executor's work, or the loop's.
FIRST = ("loop", "lease", "chunk", "joints", "tick")


def moving() -> Cell:
    made = Cell(ROBOT, Fuser(ROBOT))
    made.run(0.1)
    go(made, 0.5)
    assert np.abs(made.commands[-1].velocity).max() > 0.05
    return made


def go(made: Cell, seconds: float) -> None:
    """A chunk every 0.1 s."""
    for turn in range(round(seconds * NS / COMMAND_NS)):
        if turn % 20 == 0:
            made.chunk()
        made.step()


def stall(made: Cell, seconds: float, first: str = "loop") -> None:
    """For so long nobody does anything."""
    ns = round(seconds * NS / COMMAND_NS) * COMMAND_NS
    made.now = Now(made.now.ros_ns + ns, made.now.steady_ns + ns)
    if first == "lease":
        made.beat()
    elif first == "chunk":
        made.chunk()
    elif first == "joints":
        made.tell(JointState(made.now.ros_ns, made.position, np.zeros_like(made.position)))
    elif first == "tick":
        made.tell(Tick())


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.floats(0.02, 0.6), st.floats(0.0, 3.0), st.sampled_from(FIRST)),
        min_size=1,
        max_size=6,
    )
)
@example([(0.5, 1.0, "lease")])
@example([(0.5, 1.0, "loop"), (0.5, 1.0, "loop")])
def test_no_stall_makes_motion_leap_or_trip(stalls):
    made = moving()
    for before_s, stall_s, first in stalls:
        go(made, before_s)
        stall(made, stall_s, first)
    made.run(1.0)
    assert not made.loop.tripped
    made.assert_sound()


@pytest.mark.parametrize("first", FIRST)
def test_after_a_stall_the_robot_catches_up_with_its_plan_where_that_rests(first):
    made = moving()
    stall(made, 2.0, first)
    go(made, 0.5)
    made.run(3.0)  # the last chunk is executed, and motion rests
    committed = made.fuser._moving.plan(made.now)
    np.testing.assert_allclose(made.position, committed.position[-1], atol=1e-9)
    now_ns = made.now.ros_ns
    made.chunk(home(ROBOT) + np.zeros((ROBOT.horizon, 1)))
    made.run(0.2)
    assert made.loop.end_ns == made.tracks[-1].plan.end_ns > now_ns  # it lags no more


def test_a_loop_that_alone_stands_still_goes_on_along_the_motion_it_has_missed():
    """The executor goes on: what the loop has not commanded yet would be gone from its plans."""
    made = moving()
    command, made.loop.command = made.loop.command, lambda now: None
    go(made, 1.2)
    made.loop.command = command
    go(made, 0.3)
    assert made.loop.end_ns > made.tracks[-1].plan.end_ns + NS  # it lags
    made.run(3.0)
    made.assert_sound()
    assert not made.loop.tripped


def slow_turn(made: Cell, value: object, seconds: float) -> list[Diverged]:
    """The fuser's turn with ``value`` takes so long; the command loop goes on. Returns what the
    loop says of the tracks that come of it."""
    said = made.fuser.handle(value, made.now)
    for _ in range(round(seconds * NS / COMMAND_NS)):
        made.now = Now(made.now.ros_ns + COMMAND_NS, made.now.steady_ns + COMMAND_NS)
        made.commands.append(made.loop.command(made.now))
        made.position = made.commands[-1].position
    made.commitments += [out.plan for out in said if isinstance(out, Commitment)]
    found = [made.loop.follow(out) for out in said if isinstance(out, Track)]
    return [diverged for diverged in found if diverged is not None]


def granted(made: Cell) -> Lease:
    made.leases += 1
    return replace(lease(made.leases), stamp_ns=made.now.ros_ns)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.floats(0.02, 0.5), st.floats(0.0, 1.5), st.sampled_from(["lease", "verdict"])),
        min_size=1,
        max_size=4,
    )
)
@example([(0.34, 0.7, "lease")])
@example([(0.3, 0.3, "verdict"), (0.02, 0.3, "lease")])
def test_however_long_a_turn_takes_the_commands_do_not_leap_and_go_on_by_themselves(turns):
    made = moving()
    for before_s, turn_s, kind in turns:
        go(made, before_s)
        value = granted(made)
        if kind == "verdict":
            asked = [out for out in made.chunk(vetted=False) if isinstance(out, Proposal)]
            value = verdict(asked[-1].plan)
        for diverged in slow_turn(made, value, turn_s):
            made.tell(diverged)
    begun = [plan.start_ns for plan in made.commitments]
    assert begun == sorted(begun)
    count = made.fuser.status(made.now).committed
    go(made, 0.7)
    assert made.fuser.status(made.now).committed > count
    made.assert_sound()
    assert not made.loop.tripped
    # The last thing said is what the loop does.
    assert made.loop.follow(made.tracks[-1]) is None
    assert max(np.abs(command.velocity).max() for command in made.commands[-60:]) > 0.01


def test_what_a_slow_turn_lets_move_is_not_taken_up_in_its_middle():
    made = moving()
    go(made, 0.04)  # the lease before is so old
    found = slow_turn(made, granted(made), 0.7)
    assert len(found) == 1
    assert not made.commands[-1].velocity.any()  # the old lease's tail was gone to its end
    made.tell(found[0])
    assert made.fuser.status(made.now).refused["diverged"] == 1
    np.testing.assert_array_equal(made.commitments[-1].position[-1], made.position)


def test_a_command_loop_that_diverged_before_anything_was_committed_changes_nothing():
    made = Cell(ROBOT, Fuser(ROBOT))
    said = made.tell(Diverged(moving_plan(ROBOT)))
    assert not any(isinstance(out, Track | Commitment) for out in said)
