"""The links that move, and the tool, keep out of regions and stay in others: along the whole plan
with its stop tail, between its knots too, wherever joints are within their tracking errors."""

from __future__ import annotations

import numpy as np

from aura_ros.guard.entry import Entry, Setup, Stage, Unavailable
from aura_ros.guard.geometry.bodies import Bodies, Body, body, coal
from aura_ros.guard.geometry.model import Model, model_of
from aura_ros.guard.geometry.near import Near
from aura_ros.guard.geometry.options import MODEL, NAME, REGION, TOOL
from aura_ros.guard.geometry.pairs import pairs_of
from aura_ros.guard.geometry.regions import region_bodies
from aura_ros.robot.problems import closest
from aura_ros.robot.spec import Field, ListOf, Number, Table
from aura_ros.types import Decision

OPTIONS = Table(
    {
        **MODEL,
        "frame": Field(
            NAME, "link in whose frame the regions are, the URDF's root if absent", None
        ),
        "regions": Field(ListOf(REGION), "regions to keep out of or to stay in"),
        "links": Field(
            ListOf(NAME, unique=True), "links that keep to them, all that move if absent", None
        ),
        "tool": Field(TOOL, "a tool that the URDF does not hold", None),
        "margin": Field(
            Number(0.0, 1.0),
            "how far to stay from their edges [m]; half of it is proved between looks",
            0.01,
        ),
    }
)


def make(setup: Setup) -> Near:
    """Value: by how much a link comes nearer to a region than the margin and its widening allow
    [m]; limit 0. The widening bounds how far tracking errors move the link: the sum over its
    joints of the error times the link's distance from the joint's axis."""
    model = model_of(setup)
    frame = model.frame(setup.options["frame"] or "", "frame")
    links = _links(setup, model, frame.place)
    regions = region_bodies(setup.options["regions"], frame)
    columns = [(a, len(links) + b) for a in range(len(links)) for b in range(len(regions))]
    pairs = pairs_of(Bodies.of((*links, *regions)), model.chain, columns)
    return Near("workspace", setup, model, pairs)


def _links(setup: Setup, model: Model, place: int) -> list[Body]:
    """Bodies of the chosen links and the tool that move against the frame at ``place``."""
    chosen, tool = setup.options["links"], setup.options["tool"]
    bodies = [*model.bodies]
    if tool is not None:
        frame = model.frame(tool["link"], "tool.link")
        origin = frame.origin + frame.rotation @ np.array(tool["offset"])
        bodies.append(body("tool", frame.place, coal().Sphere(tool["radius"]), np.eye(3), origin))
    known = [one.name for one in bodies]
    for name in chosen or ():
        if name not in known:
            near = closest(name, known)
            raise Unavailable(f"links: no link {name!r} with a collision shape, {near}")
    supports = model.chain.supports
    moving = [one for one in bodies if (supports[one.place] != supports[place]).any()]
    kept = [one for one in moving if chosen is None or one.name in (*chosen, "tool")]
    if not kept:
        raise Unavailable("no link with a collision shape moves: name them under link_radius")
    return kept


ENTRY = Entry("workspace", Stage.PLAN, make, Decision.REFUSE, OPTIONS, automatic=False)
