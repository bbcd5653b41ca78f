"""A straight flow has no sensitivity; where answers compete it grows."""

import numpy as np
import pytest
from chain_values import home, joints_at, stamp, toy

from aura_ros.policy.backend import BackendError, FlowField
from aura_ros.policy.sensitivity import STEP, TIMES, sensitivity
from aura_ros.types import KinematicState, Observation, Request

ROBOT = toy()
REST = np.zeros(3)
REQUEST = Request(
    1,
    1,
    Observation(stamp(0), {}, joints_at(0, home(ROBOT)), "open"),
    KinematicState(stamp(0), home(ROBOT), REST, REST),
    None,
)
ROWS = home(ROBOT) + np.linspace(0, 0.3, 16)[:, None]


class Field:
    """A flow towards what ``clean`` sees in noisy rows: v = (clean - rows) / (1 - t)."""

    def __init__(self, clean):
        self.clean, self.calls = clean, 0

    def velocity(self, request, embedding, rows, time):
        self.calls += 1
        return (self.clean(rows) - rows) / (1 - time)


def found(field):
    assert isinstance(field, FlowField)
    return sensitivity(field, REQUEST, np.zeros(4), ROWS)


def test_a_flow_that_knows_its_answer_is_straight():
    field = Field(lambda rows: ROWS)
    assert found(field) < 1e-9
    assert field.calls == 2 * len(TIMES)


def test_a_flow_at_rest_is_not_sensitive():
    assert found(Field(lambda rows: rows)) == 0.0


@pytest.mark.parametrize("slope", [-1.0, 0.5, 2.0])
def test_it_is_the_turn_along_the_flow(slope):
    """clean = ROWS + slope (rows - ROWS), so v = (1 - slope)(ROWS - rows) / (1 - t), and
    dv / dt = v slope / (1 - t): the largest of TIMES counts."""
    field = Field(lambda rows: ROWS + slope * (rows - ROWS))
    expected = abs(slope) / (1 - TIMES[-1])
    assert found(field) == pytest.approx(expected, rel=1.2 * STEP / (1 - TIMES[-1]))


def test_answers_that_compete_make_it_larger():
    """The answer changes half way: the more suddenly, the more the flow turns there."""
    middle = float((0.5 * (ROWS + ROWS[:1])).mean())

    def two(sharpness):
        return Field(lambda rows: ROWS + 0.1 * np.tanh(sharpness * (rows.mean() - middle)))

    assert found(two(50.0)) > 2 * found(two(1.0)) > 0


def test_it_is_always_the_same():
    field = Field(lambda rows: np.sin(rows))
    assert found(field) == found(field)


@pytest.mark.parametrize("flow", [np.full((16, 3), np.nan), np.zeros((3, 3))])
def test_a_flow_that_cannot_be_used_is_an_error(flow):
    class Broken:
        def velocity(self, request, embedding, rows, time):
            return flow

    with pytest.raises(BackendError, match="finite values of shape"):
        found(Broken())
