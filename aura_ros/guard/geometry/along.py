"""Where all links are along a plan; checks of the same plan share it."""

from __future__ import annotations

import numpy as np

from aura_ros.guard.geometry.chain import Chain, Places
from aura_ros.guard.geometry.stretch import Stretch, stretch_of
from aura_ros.types import Plan


class Along:
    """Places of ``chain`` at the knots of the last plan that was asked for."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._last: tuple[Plan, Stretch, Places] | None = None

    def of(self, plan: Plan) -> tuple[Stretch, Places]:
        """The plan as one run of pieces, and the places at its nodes."""
        last = self._last
        if last is None or last[0] is not plan:
            stretch = stretch_of(plan)
            last = self._last = plan, stretch, self.chain.place(stretch.position)
        return last[1], last[2]


def finite(plan: Plan) -> bool:
    """All its knots are numbers: of others nothing can be said."""
    knots = (plan.position, plan.velocity, plan.acceleration)
    return all(np.isfinite(values).all() for values in knots)
