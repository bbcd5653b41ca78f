"""What a policy says about itself before it is asked anything: what it takes, what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from aura_ros.policy.layout import LayoutError, parse
from aura_ros.robot.description import Robot
from aura_ros.types import NS

FITS = ("pad", "stretch")
# Keys of an observation that are no camera and no state.
PROMPT, SAMPLES, NOISY_ROWS, FLOW_TIME = RESERVED = ("prompt", "samples", "noisy_rows", "flow_time")
# What a state can be.
OF = ("position", "told", "measured", "velocity", "ahead")
# Rates are often given rounded: 33 ms for 30 Hz.
PERIOD_TOLERANCE = 0.02


class DeclarationError(ValueError):
    """A declaration that cannot be meant, or does not fit: names the entry and what to do."""


@dataclass(frozen=True)
class CameraInput:
    """An image of an observation: uint8 RGB (height, width, 3) under ``key``.

    A ``height`` and ``width`` of 0 stand for any size. ``fit`` says how an image of another
    size becomes that one: ``pad`` keeps its proportions between black bars, as openpi's
    resize_with_pad does; ``stretch`` does not. ``channels_first``: (3, height, width).
    """

    key: str
    height: int = 0
    width: int = 0
    fit: str = "pad"
    channels_first: bool = False

    def __post_init__(self) -> None:
        _check_fields(self, f"camera {self.key!r}")
        if self.fit not in FITS:
            raise DeclarationError(
                f"camera {self.key!r}: fit is {self.fit!r}; it must be one of {', '.join(FITS)}"
            )
        if (self.height > 0) != (self.width > 0):
            raise DeclarationError(
                f"camera {self.key!r}: size {self.width} x {self.height}; give both, or neither"
            )


@dataclass(frozen=True)
class StateInput:
    """Numbers of an observation: float32 (width,) under ``key``, in SI units.

    ``of`` says of what: ``position`` where the rows begin, of grippers where they are measured;
    ``told``, where the rows begin, of grippers too, and ``velocity`` there; ``measured``, where
    the joints were observed; ``ahead``, how long after the observation the rows begin [s].
    """

    key: str
    width: int
    of: str = "position"

    def __post_init__(self) -> None:
        _check_fields(self, f"state {self.key!r}")
        if self.width < 1:
            raise DeclarationError(f"state {self.key!r}: width {self.width}; it must be above 0")
        if self.of not in OF:
            raise DeclarationError(
                f"state {self.key!r}: of is {self.of!r}; it must be one of {', '.join(OF)}"
            )
        if self.of == "ahead" and self.width != 1:
            raise DeclarationError(
                f"state {self.key!r}: width {self.width}; the time ahead is one number"
            )


@dataclass(frozen=True)
class Declared:
    """A policy as it declares itself.

    It answers ``horizon`` rows of ``action_width`` numbers, ``row_period_s`` apart (None: it
    does not know); ``actions`` is their layout text (empty: absolute targets of all joints).
    ``normalizes``: it turns its inputs and rows from and into SI units by itself; one that does
    not has no place on a robot. ``features``: width of the embedding that it sends along, 0 for
    none. ``max_samples``: how many chunks it can draw for one observation. ``weights_digest``:
    SHA-256 of its weights, ``normalisation_digest`` of what normalises its inputs and rows
    (empty: unknown). ``flow``: its rows are the end of a flow from noise, and it shows the
    velocity of that flow.
    """

    name: str
    cameras: tuple[CameraInput, ...]
    state_keys: tuple[StateInput, ...]
    action_width: int
    horizon: int
    row_period_s: float | None = None
    actions: str = ""
    needs_instruction: bool = True
    normalizes: bool = True
    features: int = 0
    max_samples: int = 1
    weights_digest: str = ""
    flow: bool = False
    normalisation_digest: str = ""

    def __post_init__(self) -> None:
        _check_fields(self, f"policy {self.name!r}")
        for name in ("action_width", "horizon", "max_samples"):
            if getattr(self, name) < 1:
                raise DeclarationError(
                    f"policy {self.name!r}: {name} is {getattr(self, name)}; it must be above 0"
                )
        period = self.row_period_s
        if period is not None and not (math.isfinite(period) and period > 0):
            raise DeclarationError(
                f"policy {self.name!r}: row_period_s is {period}; it must be above 0, or None"
            )
        self._check_keys()
        try:
            parse(self.actions)
        except LayoutError as error:
            raise DeclarationError(f"policy {self.name!r}: actions {error}") from None

    def _check_keys(self) -> None:
        keys = [c.key for c in self.cameras] + [s.key for s in self.state_keys]
        for key in keys:
            if keys.count(key) > 1 or key in ("", *RESERVED):
                raise DeclarationError(
                    f"policy {self.name!r}: key {key!r} is used twice, empty or reserved "
                    f"({', '.join(RESERVED)}); rename it"
                )

    def to_mapping(self) -> dict[str, Any]:
        """Plain values, for a file or the wire."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, given: Any) -> Declared:
        """What ``to_mapping`` gave. Raises DeclarationError."""
        known = _known(cls, given, "declaration")
        entries = {"cameras": CameraInput, "state_keys": StateInput}
        for name, kind in entries.items():
            listed = known.get(name)
            if not isinstance(listed, list | tuple):
                raise DeclarationError(f"declaration: {name} is {listed!r}; a list is needed")
            known[name] = tuple(kind(**_known(kind, entry, name)) for entry in listed)
        return cls(**known)


def check_fits(declared: Declared, robot: Robot) -> None:
    """Raise DeclarationError if nothing should move on what this policy answers."""
    if not declared.normalizes:
        raise DeclarationError(
            f"policy {declared.name} has no normalisation: its numbers are not in SI units; "
            "serve a checkpoint with its statistics or processors"
        )
    period_s = robot.row_period_ns / NS
    given_s = declared.row_period_s
    if given_s is not None and abs(given_s - period_s) > PERIOD_TOLERANCE * period_s:
        raise DeclarationError(
            f"policy {declared.name} answers rows {given_s:g} s apart, but action.row_period of "
            f"{robot.name} is {period_s:g} s: the motion would have another speed; set it to "
            f"{given_s:g}"
        )


# By the text of the annotation, which is all that a postponed one is.
_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float | None": (int, float, type(None)),
    "tuple[CameraInput, ...]": (tuple,),
    "tuple[StateInput, ...]": (tuple,),
}


def _check_fields(entry: Any, what: str) -> None:
    for field in fields(entry):
        value, wanted = getattr(entry, field.name), str(field.type)
        is_right = isinstance(value, _KINDS[wanted])
        if not is_right or (isinstance(value, bool) and wanted != "bool"):
            raise DeclarationError(f"{what}: {field.name} is {value!r}; {wanted} is needed")
        if isinstance(value, int) and value < 0:
            raise DeclarationError(f"{what}: {field.name} is {value}; it cannot be negative")


def _known(kind: type, given: Any, what: str) -> dict[str, Any]:
    """The entries of ``given`` that ``kind`` has; a newer one may say more."""
    if not isinstance(given, Mapping):
        raise DeclarationError(f"{what}: {given!r} is no table")
    known = {field.name: given[field.name] for field in fields(kind) if field.name in given}
    missing = {f.name for f in fields(kind) if f.default is MISSING} - set(known)
    if missing:
        raise DeclarationError(f"{what}: {', '.join(sorted(missing))} is missing; declare it")
    return known
