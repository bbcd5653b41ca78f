"""A check that bodies stay apart along the plan."""

from __future__ import annotations

from aura_ros.guard.context import Context
from aura_ros.guard.entry import Setup
from aura_ros.guard.geometry.along import finite
from aura_ros.guard.geometry.clearance import TOLERANCE_M, Clearance
from aura_ros.guard.geometry.model import Model, home_of
from aura_ros.guard.geometry.nearby import Nearby
from aura_ros.guard.geometry.options import tracking_error
from aura_ros.guard.geometry.pairs import Pairs
from aura_ros.guard.lattice import failed, passed, unknown
from aura_ros.motion.stop import at_rest
from aura_ros.types import Array, Check


class Near:
    """Value: how much clearance lacks where a pair comes nearest [m]; limit 0."""

    def __init__(self, name: str, setup: Setup, model: Model, pairs: Pairs) -> None:
        self._name, self._decision, self._pairs = name, setup.decision, pairs
        error, margin = tracking_error(setup, model.chain), setup.options["margin"]
        self._clearance = Clearance(model.along, pairs, margin, error)
        need, columns = margin + TOLERANCE_M, len(setup.robot.joints)
        self._nearby = Nearby(model.chain, pairs, need, error, columns)
        # The first look takes longest, so it is not at a plan that waits.
        robot = setup.robot
        self._clearance.along(at_rest(home_of(setup), 0, robot.knot_period_ns, robot.joints))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names of what is kept apart."""
        return tuple(self._pairs.names(pair) for pair in range(self._pairs.count))

    def clearances(self, position: Array) -> tuple[Array, Array]:
        """What pairs that are near have left (m,) [m] at one configuration (n,) of the robot,
        0 where the check refuses, and its gradients (m, n) [m per rad or m]."""
        return self._nearby.at(position)

    def __call__(self, context: Context) -> Check:
        """One check."""
        plan = context.plan
        assert plan is not None
        if not finite(plan):
            return unknown(self._name, "the plan is not finite", self._decision)
        nearest = self._clearance.along(plan)
        if nearest.lacking <= 0:
            return passed(self._name, nearest.lacking, 0.0)
        one, other = self._pairs.names(nearest.pair)
        words = f"{one} comes too near {other} at {nearest.time_s:.2f} s of the plan"
        if not nearest.proved:
            words += ", or passes too fast to tell"
        return failed(self._name, nearest.lacking, 0.0, self._decision, words)
