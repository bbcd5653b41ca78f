"""Joint limits from a URDF, read with the standard library alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree import ElementTree

from aura_ros.robot.problems import closest

MOVABLE = ("revolute", "prismatic", "continuous")


class UrdfError(ValueError):
    """A URDF that cannot be read, or a joint that cannot be commanded."""


class NoLimits(UrdfError):
    """The URDF holds no limits for a joint; a configuration may declare them instead."""


@dataclass(frozen=True)
class UrdfJoint:
    """Limits of a joint: position [rad or m], infinite if continuous; velocity [per s]."""

    name: str
    type: str
    lower: float
    upper: float
    velocity: float

    @property
    def unit(self) -> str:
        """Unit of its position."""
        return "m" if self.type == "prismatic" else "rad"


class Urdf:
    """The joints of a URDF text. Raises UrdfError if the text is not a URDF."""

    def __init__(self, text: str | bytes) -> None:
        try:
            root = ElementTree.fromstring(text)
        except (ElementTree.ParseError, LookupError, ValueError) as error:
            raise UrdfError(f"the URDF is not XML ({error}); expand xacro files first") from None
        if root.tag != "robot":
            raise UrdfError(f"the URDF's root element is <{root.tag}>, it must be <robot>")
        self._joints = {joint.get("name", ""): joint for joint in root.findall("joint")}

    def joint(self, name: str) -> UrdfJoint:
        """Limits of the joint ``name``; NoLimits or UrdfError if it cannot be commanded."""
        element = self._joints.get(name)
        if element is None:
            raise NoLimits(f"no joint {name!r} in the URDF, {closest(name, self.movable)}")
        kind = element.get("type", "")
        if kind not in MOVABLE:
            raise UrdfError(f"joint {name!r} is of type {kind!r}, which cannot be commanded")
        mimic = element.find("mimic")
        if mimic is not None:
            leader = mimic.get("joint")
            raise UrdfError(f"joint {name!r} mimics {leader!r}: command that joint instead")
        return _limited(name, kind, element.find("limit"))

    @property
    def movable(self) -> list[str]:
        """Names of the joints that can be commanded."""
        return [
            name
            for name, joint in self._joints.items()
            if joint.get("type") in MOVABLE and joint.find("mimic") is None
        ]


def _limited(name: str, kind: str, limit: ElementTree.Element | None) -> UrdfJoint:
    if limit is None:
        if kind == "continuous":
            return UrdfJoint(name, kind, -math.inf, math.inf, math.inf)
        raise NoLimits(f"joint {name!r} has no <limit> in the URDF")
    velocity = _number(name, limit, "velocity")
    if velocity <= 0:
        raise NoLimits(f"joint {name!r} has velocity {velocity:g} in the URDF, not above 0")
    if kind == "continuous":
        return UrdfJoint(name, kind, -math.inf, math.inf, velocity)
    lower, upper = _number(name, limit, "lower"), _number(name, limit, "upper")
    if lower >= upper:
        raise NoLimits(f"joint {name!r} has an empty range {lower:g} to {upper:g} in the URDF")
    return UrdfJoint(name, kind, lower, upper, velocity)


def _number(name: str, limit: ElementTree.Element, attribute: str) -> float:
    """A finite attribute of <limit>; absent means 0, as the URDF specification says."""
    text = limit.get(attribute, "0")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UrdfError(f"joint {name!r} has {attribute}={text!r} in the URDF, not a number")
    return value
