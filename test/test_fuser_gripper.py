"""Discrete grippers: two states, no chatter, no bounce, early by the lead, from where they are."""

from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, home, ns, toy
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.fuser.gripper import decided, grippers_of, opened_at, opened_rows
from aura_ros.motion.stop import at_rest
from aura_ros.robot.description import JointGroup, Switching
from aura_ros.types import Plan

CLOSED, OPENED = 0.002, 0.048
PERIOD = ns(0.05)
ROWS = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=40)


def robot(**switching):
    made = toy()
    kind = Switching(CLOSED, OPENED, **switching)
    return replace(made, groups=(made.groups[0], replace(made.groups[1], switching=kind)))


def states(shares, opened=True, **switching):
    """What a gripper does with ``shares``, from its state before."""
    made = robot(**switching)
    rows = np.zeros((len(shares), 3))
    rows[:, 2] = CLOSED + np.array(shares) * (OPENED - CLOSED)
    return opened_rows(grippers_of(made)[0], rows, PERIOD, opened).tolist()


def runs(values):
    """Lengths of runs of equal ``values``."""
    edges = np.flatnonzero(np.diff(values)) + 1
    return np.diff([0, *edges, len(values)])


def test_a_clear_change_is_taken_at_its_row():
    assert states([1, 1, 0, 0, 0]) == [True, True, False, False, False]
    assert states([0, 1, 1, 1], opened=False) == [False, True, True, True]


def test_thresholds_are_two():
    assert states([0.5, 0.45, 0.55, 0.4, 0.6], opened=True) == [True] * 5
    assert states([0.5, 0.45, 0.55, 0.4, 0.6], opened=False) == [False] * 5
    assert states([0.39, 0.5, 0.5], opened=True) == [False] * 3
    assert states([0.61, 0.5, 0.5], opened=False) == [True] * 3


def test_a_change_must_last():
    assert states([1, 0, 1, 1, 1]) == [True] * 5
    assert states([1, 0, 0, 1, 1]) == [True, False, False, True, True]
    assert states([1, 0, 0, 0, 1, 1, 1], debounce_s=0.2) == [True] * 7
    assert states([1, 0, 1], debounce_s=0.0) == [True, False, True]


def test_a_change_at_the_end_that_has_not_lasted_is_left_to_the_next_chunk():
    assert states([1, 1, 1, 0]) == [True] * 4
    assert states([1, 1, 0, 0]) == [True, True, False, False]


def test_a_short_first_run_of_the_state_before_is_not_a_change():
    assert states([1, 0, 0], opened=True) == [True, False, False]
    assert states([1, 0, 0], opened=False) == [False] * 3


def test_the_lead_comes_early_and_holds_the_end():
    assert states([1, 1, 1, 0, 0, 0], lead_s=0.1) == [True, False, False, False, False, False]
    assert states([1, 1, 0, 0], lead_s=0.03) == [True, False, False, False]  # nearest row


@given(shares=ROWS, opened=st.booleans(), debounce_s=st.floats(0, 0.5))
def test_no_state_is_shorter_than_the_debounce(shares, opened, debounce_s):
    found = [opened, *states(shares, opened, debounce_s=debounce_s)]
    # The first run goes on from before.
    assert all(length * 0.05 >= debounce_s - 1e-9 for length in runs(found)[1:])


@given(shares=st.lists(st.floats(0.4, 0.6), min_size=2, max_size=40), opened=st.booleans())
def test_noise_inside_the_band_never_toggles(shares, opened):
    assert set(states(shares, opened, debounce_s=0.0)) == {opened}


@given(shares=ROWS, opened=st.booleans(), debounce_s=st.floats(0, 0.5))
def test_open_and_closed_are_alike(shares, opened, debounce_s):
    """The mirrored rows give the mirrored states."""
    mirrored = states([1 - s for s in shares], not opened, debounce_s=debounce_s)
    assert states(shares, opened, debounce_s=debounce_s) == [not s for s in mirrored]


@given(shares=ROWS, opened=st.booleans(), debounce_s=st.floats(0, 0.3))
def test_states_are_those_of_a_debouncer_row_by_row(shares, opened, debounce_s):
    """Against the rule in words: a change counts once rows ahead agree for long enough."""
    least = max(int(np.ceil(round(debounce_s * 1e9) / PERIOD)), 1)
    raw, state = [], opened
    for share in shares:
        state = True if share > 0.6 else False if share < 0.4 else state
        raw.append(state)
    expected, state = [], opened
    for k, value in enumerate(raw):
        ahead = raw[k : k + least]
        begins = k == 0 or raw[k - 1] != value
        if value != state and begins and len(ahead) == least and set(ahead) == {value}:
            state = value
        expected.append(state)
    assert states(shares, opened, debounce_s=debounce_s) == expected


# --- in a chunk -----------------------------------------------------------------------------


def test_only_discrete_grippers_are_changed():
    made, rows = robot(), np.tile(home(toy()), (6, 1)) + 0.001 * np.arange(6)[:, None]
    rest = at_rest(home(made), at(0).ros_ns, made.knot_period_ns, made.joints)
    found = decided(rows, PERIOD, rest, at(0).ros_ns, made)
    assert np.array_equal(found[:, :2], rows[:, :2])
    assert set(found[:, 2]) <= {CLOSED, OPENED}
    assert decided(rows, PERIOD, rest, at(0).ros_ns, toy()) is rows


def test_fingers_of_one_gripper_agree():
    made = robot()
    hand = JointGroup("hand", "gripper", ("joint_1", "finger"), "m", Switching(CLOSED, OPENED))
    made = replace(made, groups=(replace(made.groups[0], joints=("joint_0",)), hand))
    rows = np.tile([0.0, OPENED, OPENED], (6, 1))
    rows[3:, 1:] = [CLOSED, 0.03]  # one finger closed, the other undecided: closed on average
    rest = at_rest(rows[0], at(0).ros_ns, made.knot_period_ns, made.joints)
    found = decided(rows, PERIOD, rest, at(0).ros_ns, made)
    assert np.array_equal(found[:, 1], found[:, 2])
    assert found[2, 1] == OPENED
    assert found[3, 1] == CLOSED


def finger(plan, k):
    """Whether the finger is open, or opening, at knot ``k`` of ``plan``."""
    made = robot()
    time_ns = plan.start_ns + k * plan.knot_period_ns
    return opened_at(plan, time_ns, grippers_of(made)[0], made)


def travel(begin, end, knots=20):
    """A motion of the finger from ``begin`` to ``end``, slow at both ends."""
    made = robot()
    u = np.linspace(0, 1, knots + 1)
    position = np.tile(home(made), (knots + 1, 1))
    position[:, 2] = begin + (end - begin) * (3 * u**2 - 2 * u**3)
    velocity = np.gradient(position, 0.02, axis=0)
    velocity[[0, -1]] = 0.0
    start = at(0).ros_ns // made.knot_period_ns * made.knot_period_ns
    return Plan(start, made.knot_period_ns, position, velocity, 0 * velocity, made.joints)


@pytest.mark.parametrize("k", [2, 5, 10, 18])
def test_a_gripper_on_its_way_counts_as_there(k):
    assert not finger(travel(OPENED, CLOSED), k)
    assert finger(travel(CLOSED, OPENED), k)


def test_before_and_after_its_way_the_place_decides():
    closing = travel(OPENED, CLOSED)
    assert finger(closing, 0)
    assert finger(closing, -9)
    assert not finger(closing, 99)
    assert finger(travel(OPENED, 0.04), 10)  # it moves, and stays open


@pytest.mark.parametrize(("place", "is_open"), [(CLOSED, False), (0.02, False), (OPENED, True)])
def test_at_rest_the_place_decides(place, is_open):
    made = robot()
    rest = at_rest([0, 0, place], at(0).ros_ns, made.knot_period_ns, made.joints)
    assert finger(rest, 0) == is_open
    assert finger(rest, 50) == is_open


def test_closed_may_be_the_larger_position():
    kind = Switching(OPENED, CLOSED)
    made = toy()
    made = replace(made, groups=(made.groups[0], replace(made.groups[1], switching=kind)))
    rows = np.zeros((4, 3))
    rows[:, 2] = [CLOSED, CLOSED, OPENED, OPENED]
    assert opened_rows(grippers_of(made)[0], rows, PERIOD, True).tolist() == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_gripper_without_limits_or_states_is_left_out():
    made = toy()
    limits = replace(made.limits, upper=np.array([1.0, 1.0, np.inf]))
    assert grippers_of(replace(made, limits=limits)) == ()
