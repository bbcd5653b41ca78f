"""Hard limits of a joint group: what the URDF says, tightened by the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from aura_ros.robot.description import MAX_ROTATION, Limits
from aura_ros.robot.problems import Problems
from aura_ros.robot.urdf import NoLimits, Urdf, UrdfError, UrdfJoint
from aura_ros.types import Array

Columns: TypeAlias = dict[str, Array]
"""A field of Limits -> its values, shape (n,), for the joints of one group."""

IN_URDF = ("lower", "upper", "velocity")
UNLIMITED = {"lower": -np.inf, "upper": np.inf, "velocity": np.inf, "acceleration": np.inf,
             "jerk": np.inf}
ROUNDING = 1e-9
# The first columns of a pose are its place, the others its rotation vector.
PLACE = 3


@dataclass(frozen=True)
class GroupLimits:
    """Limits of the group ``name``: its table, the URDF, and where problems are noted."""

    name: str
    table: Mapping[str, Any]
    urdf: Urdf | None
    problems: Problems

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of its joints."""
        return tuple(self.table["joints"])

    def base(self) -> Columns:
        """Limits without a limit set, incomplete after a problem was noted."""
        key = f"groups.{self.name}.limits"
        declared = self._declared(self.table["limits"], key)
        hardware, endless = self._hardware()
        owner = f"groups.{self.name}.max_rotation" if self.table["kind"] == "pose" else "its URDF"
        columns = self._tightened(hardware, declared, key, owner)
        self._check_kind(declared, key)
        if not self.problems.under(key):
            columns["margin"] = declared.get("margin", np.zeros(len(self.joints)))
            self._check_complete(columns, endless, key)
            self._check_range(columns, key)
        return columns

    def with_set(self, base: Columns, table: Mapping[str, Any], key: str) -> Columns:
        """Limits ``base`` tightened by the table at ``key`` of a limit set."""
        declared = self._declared(table, key)
        self._check_unlimited(declared, key)
        columns = self._tightened(base, declared, key, f"groups.{self.name}.limits")
        self._check_range(columns, key)
        return columns

    def _declared(self, table: Mapping[str, Any], key: str) -> Columns:
        """The declared limits, one value a joint; a list of another length is a problem."""
        n = len(self.joints)
        columns = {}
        for field, given in table.items():
            value = self._with_rotation(field, given)
            if isinstance(value, tuple) and len(value) != n:
                self.problems.add(f"{key}.{field}", f"has {len(value)} values for {n} joints",
                                  "give one number, or one for each joint", list(value))
            elif value is not None:
                columns[field] = np.broadcast_to(np.asarray(value, dtype=np.float64), (n,))
        return columns

    def _with_rotation(self, field: str, value: Any) -> Any:
        """Position limits of a pose's place completed by those of its rotation."""
        if self.table["kind"] != "pose" or field not in ("lower", "upper"):
            return value
        if not isinstance(value, tuple) or len(value) != PLACE:
            return value
        return (*value, *(_rotation_limits(self.table)[field],) * PLACE)

    def _hardware(self) -> tuple[Columns, NDArray[np.bool_]]:
        """Limits of the URDF, infinite where it has none, and which joints need no ends."""
        n = len(self.joints)
        columns = {field: np.full(n, value) for field, value in UNLIMITED.items()}
        if self.table["kind"] == "pose":
            for field, value in _rotation_limits(self.table).items():
                columns[field][PLACE:] = value
        listed = np.array([joint in self.table["continuous"] for joint in self.joints])
        endless = listed | (self.table["kind"] == "base")
        if self.urdf is None or self.table["unit"] in ("normalised", "si"):
            return columns, endless
        limits = self.table["limits"]
        for i in range(n):
            needed = IN_URDF[2:] if listed[i] else IN_URDF
            replaceable = all(limits.get(field) is not None for field in needed)
            joint = self._joint(self.urdf, i, replaceable)
            if joint is not None:
                endless[i] |= joint.type == "continuous"
                for field in IN_URDF:
                    columns[field][i] = getattr(joint, field)
        return columns, endless

    def _check_kind(self, declared: Columns, key: str) -> None:
        """What a kind needs beside what all need, and a continuous joint must not have."""
        kind = self.table["kind"]
        for field in ("jerk",) if kind == "base" else ("margin",):
            if field not in declared and not self.problems.under(f"{key}.{field}"):
                self.problems.add(f"{key}.{field}", "is missing", f"add it: a {kind} needs one")
        self._check_unlimited(declared, key)

    def _check_unlimited(self, declared: Columns, key: str) -> None:
        """The distance driven by a base has no limits."""
        for field in ("lower", "upper") if self.table["kind"] == "base" else ():
            if field in declared:
                limit = "the distance that a base drives is not limited"
                self.problems.add(f"{key}.{field}", limit, "remove it")

    def _joint(self, urdf: Urdf, i: int, replaceable: bool) -> UrdfJoint | None:
        """Joint i of the URDF; that it has no limits is a problem unless ``replaceable``."""
        name, key = self.joints[i], f"groups.{self.name}.joints[{i}]"
        try:
            joint = urdf.joint(name)
        except NoLimits as error:
            if not replaceable:
                remedy = "correct the name, or declare lower, upper and velocity of the group"
                self.problems.add(key, str(error), remedy, name)
            return None
        except UrdfError as error:
            self.problems.add(key, str(error), "correct the name or the URDF", name)
            return None
        if joint.unit != self.table["unit"]:
            self.problems.add(f"groups.{self.name}.unit", f"{name!r} is {joint.type} in the URDF",
                              f"write {joint.unit}", self.table["unit"])
        return joint

    def _tightened(self, base: Columns, declared: Columns, key: str, owner: str) -> Columns:
        """``base`` replaced where declared; a looser limit is a problem."""
        columns = dict(base)
        for field in (field for field in UNLIMITED if field in declared):
            wanted, allowed = declared[field], base[field]
            excess = allowed - wanted if field == "lower" else wanted - allowed
            for i in np.flatnonzero(excess > ROUNDING * np.maximum(1.0, np.abs(wanted))):
                hard = f"{allowed[i]:.12g}"
                self.problems.add(
                    f"{key}.{field}",
                    f"{self.joints[i]!r} has {hard} in {owner}, and may only be tighter",
                    f"set it to {hard}, or leave it out", float(wanted[i]))
            columns[field] = wanted
        return columns

    def _check_complete(self, columns: Columns, endless: NDArray[np.bool_], key: str) -> None:
        """Speed is limited, and so is position; joints without end may lack both ends."""
        if self.problems.under("urdf", f"groups.{self.name}.joints"):
            return
        free = endless & np.isinf(columns["lower"]) & np.isinf(columns["upper"])
        for i, joint in enumerate(self.table["continuous"]):
            if not free[self.joints.index(joint)]:
                self.problems.add(f"groups.{self.name}.continuous[{i}]",
                                  "has position limits: joints with limits never wrap",
                                  "remove it, or the limits", joint)
        for field in IN_URDF:
            allowed = np.zeros_like(free) if field == "velocity" else free
            missing = np.flatnonzero(np.isinf(columns[field]) & ~allowed)
            if len(missing):
                limit = f"is missing, and no URDF gives it for {self._named(missing)}"
                self.problems.add(f"{key}.{field}", limit, "declare it")

    def _check_range(self, columns: Columns, key: str) -> None:
        """Something is left between the position limits and their margins."""
        room = columns["upper"] - columns["lower"] - 2 * columns["margin"]
        empty = np.flatnonzero(room <= 0)
        if len(empty):
            limit = f"leaves no room between lower, upper and margin of {self._named(empty)}"
            self.problems.add(key, limit, "widen the range or reduce the margin")

    def _named(self, indices: Iterable[int]) -> str:
        return ", ".join(repr(self.joints[i]) for i in indices)


def _rotation_limits(table: Mapping[str, Any]) -> dict[str, float]:
    """Position limits of each rotation column of a pose [rad]."""
    reach = table["max_rotation"] or MAX_ROTATION
    return {"lower": -reach, "upper": reach}


def joined(groups: list[Columns]) -> Limits:
    """Limits of all groups in the robot's joint order."""
    fields = (*UNLIMITED, "margin")
    return Limits(**{field: np.concatenate([g[field] for g in groups]) for field in fields})
