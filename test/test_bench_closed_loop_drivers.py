"""The arms of the closed loop, on a robot that obeys exactly and a policy that is known."""

import numpy as np
import pytest
from chain_values import home, toy

from aura_ros.bench.closed_loop.chain import Chain, Rates
from aura_ros.bench.closed_loop.direct import Direct
from aura_ros.bench.execution.executor import Setup
from aura_ros.bench.execution.newest import Newest
from aura_ros.bench.execution.synchronous import Synchronous
from aura_ros.bench.execution.upsample import Upsampled
from aura_ros.bench.loop.late import Late
from aura_ros.bench.loop.outcome import DONE, LATE, Timing
from aura_ros.bench.loop.run import run_episode
from aura_ros.policy.backend import BackendError
from aura_ros.robot.description import Camera
from aura_ros.types import NS

ROBOT = toy(cameras=(Camera("front", "front"),))
TICK_NS = 5_000_000
GOAL = home(ROBOT) + np.array([0.4, -0.3, 0.0])
TIMING = Timing(limit_s=6.0, settle_s=0.2, tick_ns=TICK_NS)


class Toy:
    """Is where it was told; the task is to be at ``GOAL``."""

    robot, step_ns, rest = ROBOT, TICK_NS, home(ROBOT)
    instruction, other_instruction, lost = "there", "elsewhere", False

    def __init__(self, is_blind=False):
        self.position, self.velocity = self.rest.copy(), np.zeros_like(self.rest)
        self._rng, self._is_blind = np.random.default_rng(0), is_blind

    def step(self, command):
        self.velocity = (command - self.position) / (self.step_ns / NS)
        self.position = np.array(command)

    def pictures(self):
        if self._is_blind:
            return {"front": np.full((4, 4, 3), 90, np.uint8)}
        return {"front": self._rng.integers(50, 200, (4, 4, 3), np.uint8)}

    @property
    def success(self):
        return bool(np.abs(self.position - GOAL).max() < 0.02)


class Straight:
    """Rows that go to the goal at 0.2 rad/s; notes what it was asked."""

    name = "straight"

    def __init__(self, broken=()):
        self.asked, self._broken = [], set(broken)

    def encode(self, observation):
        return observation.joints.position

    def act(self, request, embedding):
        self.asked.append(request)
        if len(self.asked) in self._broken:
            raise BackendError("no luck")
        start = request.start.position
        goal = GOAL if request.observation.instruction == "there" else 2 * home(ROBOT) - GOAL
        most = 0.2 * ROBOT.row_period_ns / NS * np.arange(1, ROBOT.horizon + 1)[:, None]
        return start + np.clip(goal - start, -most, most)


def late(latency_ms=300):
    return Late(latency_ms * NS // 1000, 0.0, 0)


def direct(plant, backend, method, waits, told="there"):
    given = Setup(ROBOT, TICK_NS, 1, plant.rest)
    executor = Upsampled(method(given), given)
    return Direct(plant, backend, late(), told, executor, waits)


def run(plant, driver):
    return run_episode(plant, driver, ROBOT, plant.rest, TIMING, "toy")


def test_the_full_chain_does_the_task_within_limits():
    plant, backend = Toy(), Straight()
    outcome = run(plant, Chain(plant, backend, late(), "there"))
    assert outcome.ended == DONE
    assert outcome.done_s < 4.0
    assert outcome.violations == ()
    assert outcome.stalls == 0
    assert outcome.requests == len(backend.asked) > 3
    assert outcome.refused == {}
    # Told where it will be when the answer comes, not where it is.
    assert backend.asked[-2].start.time_ns > backend.asked[-2].observation.stamp_ns + NS // 4


def test_the_full_chain_does_what_it_is_told():
    plant = Toy()
    outcome = run(plant, Chain(plant, Straight(), late(), "elsewhere"))
    assert outcome.ended == LATE
    assert plant.position[0] < plant.rest[0] - 0.3


def test_a_policy_that_cannot_answer_is_counted_and_asked_again():
    plant = Toy()
    outcome = run(plant, Chain(plant, Straight(broken=(1, 3)), late(), "there"))
    assert outcome.ended == DONE
    assert outcome.failures == 2


def test_nothing_moves_while_a_camera_is_frozen():
    plant = Toy(is_blind=True)
    with pytest.raises(RuntimeError, match="the guard is"):
        run(plant, Chain(plant, Straight(), late(), "there", Rates(warm_ns=4 * NS)))
    assert np.array_equal(plant.position, plant.rest)


@pytest.mark.parametrize("full", [True, False])
def test_rows_mean_what_the_policy_declares(full):
    class Relative(Straight):
        actions = "arm: relative; gripper: relative"

        def act(self, request, embedding):
            return super().act(request, embedding) - request.start.position

    plant, backend = Toy(), Relative()
    driver = Chain(plant, backend, late(), "there") if full else direct(
        plant, backend, Synchronous, waits=True
    )  # fmt: skip
    assert run(plant, driver).ended == DONE


def test_waiting_asks_at_rest_and_only_when_rows_are_used_up():
    plant, backend = Toy(), Straight()
    outcome = run(plant, direct(plant, backend, Synchronous, waits=True))
    assert outcome.ended == DONE
    times = [request.observation.stamp_ns for request in backend.asked]
    chunk_ns = ROBOT.horizon * ROBOT.row_period_ns
    assert min(np.diff(times), default=NS) >= chunk_ns + 300 * NS // 1000 - ROBOT.row_period_ns
    assert all(not request.start.velocity.any() for request in backend.asked)


def test_the_newest_chunk_is_told_how_fast_the_robot_moves():
    plant, backend = Toy(), Straight()
    outcome = run(plant, direct(plant, backend, Newest, waits=False))
    assert outcome.ended == DONE
    assert any(request.start.velocity.any() for request in backend.asked)
    assert "acceleration" in outcome.violations


def test_an_answer_that_fails_is_counted_and_nothing_moves_by_it():
    plant = Toy()
    always = Straight(broken=range(1, 100))
    outcome = run(plant, direct(plant, always, Newest, waits=False))
    assert outcome.ended == LATE
    assert outcome.failures == outcome.requests > 3
    assert np.array_equal(plant.position, plant.rest)
