"""Demonstrations without ROS or a clock: an expert that is disturbed, and what it says of it.

Every row period the cameras and joints are observed, and the expert plans from the state that
will have been commanded a little later, as a policy with latency is asked. What is executed are
those chunks with noise that the expert then has to correct, so that recovery is in the data
(DART: Laskey et al., "DART: Noise Injection for Robust Imitation Learning", CoRL 2017).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from aura_ros.sim.arm import Arm
from aura_ros.sim.expert import Expert
from aura_ros.sim.model import HOME, STEP_NS
from aura_ros.sim.render import Pixels, Renderer
from aura_ros.sim.world import World
from aura_ros.types import NS, Array

# Standard deviations of what is added to a chunk: x y z [m], yaw [rad], finger [m].
_SPREAD = np.array([0.012, 0.012, 0.01, 0.10, 0.001])
_ONSET_ROWS, _LOW = 8, 0.06
# A new chunk is asked for so long [s] after the one before was taken up.
_PERIOD_S = (0.1, 0.5)
# Where the tool may be when an episode does not begin at home.
_START_LOW = np.array([0.36, -0.20, 0.16, -0.8, 0.02])
_START_HIGH = np.array([0.60, 0.20, 0.45, 0.8, 0.038])
# Apart from the placement, which is drawn by the seed alone.
_STREAM = 2
_STEPS_A_SECOND = NS // STEP_NS


@dataclass(frozen=True)
class RolloutOptions:
    """How episodes run. Times in s, images square.

    ``most_ahead_s``: the chunk asked for begins up to so long after its observation.
    ``noise`` scales the noise, ``away`` is the share of episodes that begin away from home. An
    episode ends ``after_s`` after success, or at ``limit_s``.
    """

    image_size: int = 96
    horizon: int = 32
    row_period_s: float = 0.05
    most_ahead_s: float = 0.5
    noise: float = 1.0
    away: float = 0.5
    limit_s: float = 25.0
    after_s: float = 1.5

    def __post_init__(self) -> None:
        steps = self.row_period_s * _STEPS_A_SECOND
        if round(steps) < 1 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"row_period_s is {self.row_period_s}: it must be a multiple of {STEP_NS / NS} s"
            )
        least_s = self.most_ahead_s + _PERIOD_S[1]
        if self.horizon * self.row_period_s <= least_s:
            raise ValueError(
                f"horizon is {self.horizon}: the rows must last longer than {least_s} s, which "
                f"is most_ahead_s and {_PERIOD_S[1]} s until the next chunk"
            )


@dataclass(frozen=True)
class Frame:
    """One observation and the expert's chunk.

    Measured ``position`` and ``velocity`` (8,), ``objects`` (m, 7) as in ``World``, images by
    camera. ``rows`` (horizon, 8) begin ``ahead_s`` after the observation, where ``start_position``
    and ``start_velocity`` (8,) will have been commanded. ``done``: the task is done now.
    """

    time_s: float
    instruction: str
    images: dict[str, Pixels]
    position: Array
    velocity: Array
    objects: Array
    ahead_s: float
    start_position: Array
    start_velocity: Array
    rows: Array
    done: bool


class Rollouts:
    """Episodes of one task. It renders: make, use and close it in one thread."""

    def __init__(self, task: str, options: RolloutOptions | None = None) -> None:
        self.options = options or RolloutOptions()
        self.world, self._arm = World(task), Arm()
        self._experts = (Expert(task, 0), Expert(task, 1))
        size = self.options.image_size
        self._renderer = Renderer(self.world.model, size, size)

    def frames(self, seed: int, target: int = 0) -> Iterator[Frame]:
        """One episode, the same for the same seed, target and options.

        It was a success if the last frame is ``done``.
        """
        rng = np.random.default_rng((seed, target, _STREAM))
        begin = self._begin(rng)
        self.world.reset(seed, target, begin)
        self._renderer.renew_noise(seed)
        options, motion = self.options, _Motion(begin, self.options)
        scale = options.noise * rng.uniform()
        next_s, done_s = 0.0, np.inf
        for index in range(round(options.limit_s / options.row_period_s)):
            now = index * options.row_period_s
            done_s = min(done_s, now) if self.world.success else np.inf
            frame = self._frame(now, motion, rng.uniform(0.0, options.most_ahead_s))
            if frame is not None:
                yield frame
                if now >= next_s:
                    rows = self._disturbed(frame.rows, scale, rng)
                    motion.take_up(now + frame.ahead_s, rows, frame.start_velocity)
                    next_s = now + frame.ahead_s + rng.uniform(*_PERIOD_S)
            if now - done_s >= options.after_s:
                return
            self._advance(now, motion)

    def _begin(self, rng: np.random.Generator) -> Array:
        """Joints (8,) at the beginning."""
        task = rng.uniform(_START_LOW, _START_HIGH)
        is_away = rng.uniform() < self.options.away
        return self._arm.joints_of(task, HOME) if is_away else HOME

    def _frame(self, now: float, motion: _Motion, ahead_s: float) -> Frame | None:
        """What is seen and said now; None where the expert finds no motion."""
        world, options = self.world, self.options
        position, velocity = motion.at(now + ahead_s)
        measured, objects = world.joint_position, world.object_poses()
        start = position, velocity, np.zeros_like(position)
        expert = self._experts[world.target]
        try:
            rows = expert.plan(measured, objects, start, options.horizon, options.row_period_s)
        except ValueError:
            return None
        return Frame(
            now,
            world.instruction,
            self._renderer.render_all(world.pose()),
            measured,
            world.joint_velocity,
            objects,
            ahead_s,
            position,
            velocity,
            rows,
            world.success,
        )

    def _disturbed(self, rows: Array, scale: float, rng: np.random.Generator) -> Array:
        """``rows`` led astray: smoothly, never down from where the tool is low."""
        offset = scale * _SPREAD * rng.standard_normal(len(_SPREAD))
        if self._arm.task_of(rows[0])[2] < _LOW:
            offset[2] = abs(offset[2])
        onset = 1 - np.exp(-((np.arange(len(rows)) / _ONSET_ROWS) ** 2))
        shift = np.array([self._arm.rates_of(row, offset) for row in rows])
        result = rows + onset[:, None] * shift
        result[:, -1] = np.clip(result[:, -1], 0.0, 0.04)
        return np.asarray(result)

    def _advance(self, now: float, motion: _Motion) -> None:
        steps = round(self.options.row_period_s * _STEPS_A_SECOND)
        for step in range(steps):
            self.world.step(motion.at(now + step / _STEPS_A_SECOND)[0])

    def close(self) -> None:
        """Free the renderer, in the thread that made it."""
        self._renderer.close()

    def __enter__(self) -> Rollouts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Motion:
    """The chunk that is executed, and the one that will be from its start on."""

    def __init__(self, rest: Array, options: RolloutOptions) -> None:
        self._period_s = options.row_period_s
        self._curves = [self._curve(0.0, np.tile(rest, (options.horizon, 1)), np.zeros(len(rest)))]

    def take_up(self, start_s: float, rows: Array, velocity: Array) -> None:
        """Execute ``rows`` (k, n) from ``start_s`` on, where their velocity is ``velocity``."""
        self._curves = [*self._curves[-1:], self._curve(start_s, rows, velocity)]

    def at(self, time_s: float) -> tuple[Array, Array]:
        """Position and velocity (n,); at rest after the last row."""
        curve = next(c for c in reversed(self._curves) if time_s >= c.x[0] or c is self._curves[0])
        if time_s >= curve.x[-1]:
            last = curve(curve.x[-1])
            return last, np.zeros_like(last)
        return curve(time_s), curve(time_s, 1)

    def _curve(self, start_s: float, rows: Array, velocity: Array) -> CubicSpline:
        times = start_s + self._period_s * np.arange(len(rows))
        return CubicSpline(times, rows, bc_type=((1, velocity), (1, np.zeros_like(velocity))))
