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
from aura_ros.guard.geometry.options import MODEL, NAME, TRACKING_ERROR, tracking_error
from aura_ros.guard.geometry.pairs import Pairs, pairs_of
from aura_ros.robot.problems import closest
from aura_ros.robot.spec import Field, ListOf, Number, Table
from aura_ros.types import Array, Decision

Names = tuple[tuple[str, str], ...]

OPTIONS = Table(
    {
        **MODEL,
        "margin": Field(Number(0.0, 1.0), "how far links stay apart [m]", 0.005),
        "links": Field(
            ListOf(NAME, unique=True),
            "links that are looked at, all if absent: fewer cost less",
            None,
        ),
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
    bodies = _chosen(setup, model)
    ignored = _ignored(setup, model)
    columns = list(combinations(range(len(bodies.items)), 2))
    everything = pairs_of(bodies, model.chain, columns)
    names = [frozenset(everything.names(pair)) for pair in range(everything.count)]
    apart = everything.path.any(axis=1)
    looked = apart & ~_connected(model, everything) & ~np.array([n in ignored for n in names], bool)
    pairs = everything.some(np.flatnonzero(looked))
    looked[looked] = _left_at_home(setup, model, pairs) > 0
    if not looked.any():
        raise Unavailable("no two links of the robot can be looked at: name them under link_radius")
    left_out = tuple(everything.names(int(pair)) for pair in np.flatnonzero(apart & ~looked))
    return SelfCollision(setup, model, everything.some(np.flatnonzero(looked)), left_out)


def _left_at_home(setup: Setup, model: Model, pairs: Pairs) -> Array:
    """Clearances (P,) [m] at ``home``. Errors that are larger than usual count as the usual ones:
    what they alone bring too near is refused, for all to see, and not left out."""
    usual = model.chain.spread(np.full(len(setup.robot.joints), TRACKING_ERROR))
    error = np.minimum(tracking_error(setup, model.chain), usual)
    return Clearance(model.along, pairs, setup.options["margin"], error).at(home_of(setup))


def _connected(model: Model, pairs: Pairs) -> NDArray[np.bool_]:
    """Pairs (P,) whose links one joint connects, or only joints of grippers: those close."""
    frames = [model.frames[body.name] for body in pairs.bodies.items]
    columns = zip(pairs.first, pairs.second, strict=True)
    joined = np.array([frames[a].connected(frames[b]) for a, b in columns], dtype=bool)
    fingers = ~(pairs.path & ~model.gripping).any(axis=1)
    return np.asarray(joined | fingers)


def _chosen(setup: Setup, model: Model) -> Bodies:
    chosen = setup.options["links"]
    for name in chosen or ():
        _check_known(name, "links", model)
    return Bodies.of(one for one in model.bodies if chosen is None or one.name in chosen)


def _ignored(setup: Setup, model: Model) -> set[frozenset[str]]:
    for pair in setup.options["ignore"]:
        if len(pair) != 2:
            raise Unavailable(f"ignore: {list(pair)} must name two links; write [link, link]")
        for name in pair:
            _check_known(name, "ignore", model)
    return {frozenset(pair) for pair in setup.options["ignore"]}


def _check_known(name: str, option: str, model: Model) -> None:
    known = sorted({body.name for body in model.bodies})
    if name not in known:
        words = closest(name, known)
        raise Unavailable(f"{option}: no link {name!r} with a collision shape, {words}")


# It costs more than all other checks together and needs an extra: on where the rules ask for it.
ENTRY = Entry("self_collision", Stage.PLAN, make, Decision.REFUSE, OPTIONS, automatic=False)
