"""Links that no joint connects stay apart: along the whole plan with its stop tail, between its
knots too, wherever joints are within their tracking errors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.geometry.bodies import Bodies
from aura_ros.guard.geometry.clearance import Clearance
from aura_ros.guard.geometry.model import Model, home_of, model_of
from aura_ros.guard.geometry.near import Near
from aura_ros.guard.geometry.options import MODEL, NAME, tracking_error
from aura_ros.guard.geometry.pairs import Pairs, pairs_of
from aura_ros.robot.problems import closest
from aura_ros.robot.spec import Field, ListOf, Number, Table
from aura_ros.types import Decision

Names = tuple[tuple[str, str], ...]

OPTIONS = Table(
    {
        **MODEL,
        "margin": Field(Number(0.0, 1.0), "how far links stay apart [m]", 0.005),
        "ignore": Field(ListOf(ListOf(NAME)), "pairs [link, link] that may touch", ()),
    }
)


class SelfCollision(Near):
    """Value: by how much two links come nearer than the margin and their widening allow [m];
    limit 0. The widening bounds what tracking errors of the joints between them may take away.

    ``left_out`` are pairs that nobody looks at: links that one joint connects, that only joints of
    a gripper move against each other, that are too near at ``home`` already, or are ignored.
    """

    def __init__(self, setup: Setup, model: Model, pairs: Pairs, left_out: Names) -> None:
        super().__init__("self_collision", setup, model, pairs)
        self.left_out = left_out


def make(setup: Setup) -> SelfCollision:
    """The check with the pairs that can be looked at. Raises Unavailable where there is none."""
    model = model_of(setup)
    bodies = Bodies(model.bodies)
    ignored = _ignored(setup, {one.name for one in model.bodies})
    columns = list(combinations(range(len(model.bodies)), 2))
    everything = pairs_of(bodies, model.chain, columns)
    names = [frozenset(everything.names(pair)) for pair in range(everything.count)]
    apart = everything.path.any(axis=1)
    looked = apart & ~_connected(model, everything) & ~np.array([n in ignored for n in names], bool)
    pairs = everything.some(np.flatnonzero(looked))
    error = tracking_error(setup, model.chain)
    clear = Clearance(model.along, pairs, setup.options["margin"], error).at(home_of(setup)) > 0
    looked[looked] = clear
    if not looked.any():
        raise Unavailable("no two links of the robot can be looked at: name them under link_radius")
    left_out = tuple(everything.names(int(pair)) for pair in np.flatnonzero(apart & ~looked))
    return SelfCollision(setup, model, everything.some(np.flatnonzero(looked)), left_out)


def _connected(model: Model, pairs: Pairs) -> NDArray[np.bool_]:
    """Pairs (P,) whose links one joint connects, or only joints of grippers: those close."""
    place, parents = pairs.bodies.place, np.concatenate([[-1], model.chain.parents])
    a, b = place[pairs.first], place[pairs.second]
    fingers = ~(pairs.path & ~model.gripping).any(axis=1)
    return np.asarray((parents[a] == b) | (parents[b] == a) | fingers)


def _ignored(setup: Setup, known: set[str]) -> set[frozenset[str]]:
    ignored = set()
    for pair in setup.options["ignore"]:
        if len(pair) != 2:
            raise Unavailable(f"ignore: {list(pair)} must name two links; write [link, link]")
        for name in pair:
            if name not in known:
                near = closest(name, sorted(known))
                raise Unavailable(f"ignore: no link {name!r} with a collision shape, {near}")
        ignored.add(frozenset(pair))
    return ignored


# It costs more than all other checks together and needs an extra: on where the rules ask for it.
ENTRY = Entry("self_collision", Stage.PLAN, make, Decision.REFUSE, OPTIONS, automatic=False)
