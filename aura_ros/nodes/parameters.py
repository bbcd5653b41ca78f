"""Parameters of a node, declared from the settings of its core."""

from __future__ import annotations

import math
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from aura_ros.robot.problems import closest
from aura_ros.settings import Setting, SettingError, settings_of, validated

# ROS ranges are finite; an infinite setting is declared without one and checked by `validated`.


def declare(node: Node, spec: Setting, read_only: bool = False) -> None:
    """Declare one parameter with description and range."""
    descriptor = ParameterDescriptor(description=spec.description, read_only=read_only)
    finite = math.isfinite(spec.low) and math.isfinite(spec.high)
    if isinstance(spec.default, float) and finite:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(spec.low), to_value=float(spec.high))
        ]
    if type(spec.default) is int and finite:
        descriptor.integer_range = [
            IntegerRange(from_value=int(spec.low), to_value=int(spec.high), step=1)
        ]
    default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    node.declare_parameter(spec.name, default, descriptor)


def declare_all(node: Node, kind: type) -> None:
    """Declare the settings of a settings dataclass as parameters."""
    for spec in settings_of(kind):
        declare(node, spec)


def refuse_unknown(node: Node) -> None:
    """Raise ValueError if a parameter was given that the node has not declared.

    rclpy ignores such a parameter, and its default would run instead. It tells in private
    only what was given.
    """
    given = [n for n in node._parameter_overrides if not n.startswith("qos_overrides.")]
    for name in given:
        if not node.has_parameter(name):
            known = sorted(node.get_parameters_by_prefix(""))
            raise ValueError(f"no parameter is called {name!r}: {closest(name, known)}")


def values_of(node: Node, kind: type) -> dict[str, Any]:
    """The present parameter values of a settings dataclass."""
    return {s.name: node.get_parameter(s.name).value for s in settings_of(kind)}


def judge(node: Node, kind: type, changes: list[Parameter]) -> SetParametersResult:
    """Would these changes be valid? Settings are judged together, as the core will see them."""
    values = values_of(node, kind)
    values |= {p.name: p.value for p in changes if p.name in values}
    try:
        validated(kind, values)
    except SettingError as error:
        return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)
