"""The node's parameters: what each means, its range, and the values as frozen data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from aura_ros.nodes.parameters import refuse_unknown
from aura_ros.sim.faults import CAMERA_FAULTS, Faults
from aura_ros.sim.model import CAMERAS
from aura_ros.sim.simulation import TARGETS
from aura_ros.sim.tasks import TASKS


@dataclass(frozen=True)
class Settings:
    """Fixed for the life of the node. Rates in Hz, sizes in pixels."""

    task: str
    target: str
    seed: int
    image_width: int
    image_height: int
    camera_rate: float
    joint_state_rate: float
    objects_rate: float
    simulated_time: bool
    real_time_factor: float


_Range = tuple[float, float] | None
_SETTINGS: dict[str, tuple[Any, str, _Range]] = {
    "task": ("pick_place", f"Task: one of {', '.join(TASKS)}.", None),
    "target": (
        "first",
        f"Which of the task's two objects is named: one of {', '.join(TARGETS)} (by the seed).",
        None,
    ),
    "seed": (0, "Seed of the first episode; each new episode adds one.", (0, 2**31 - 1)),
    "image_width": (224, "Width of the camera images [pixels].", (16, 1280)),
    "image_height": (224, "Height of the camera images [pixels].", (16, 1280)),
    "camera_rate": (15.0, "Images a second of each camera [Hz].", (1.0, 60.0)),
    "joint_state_rate": (100.0, "Rate of joint_states [Hz].", (10.0, 500.0)),
    "objects_rate": (30.0, "Rate of objects [Hz].", (1.0, 100.0)),
    "simulated_time": (False, "Publish /clock and stamp with simulated time.", None),
    "real_time_factor": (
        1.0,
        "Simulated seconds a wall second; other than 1 with simulated_time only.",
        (0.1, 20.0),
    ),
}
_FAULTS: dict[str, tuple[Any, str, _Range]] = {
    **{
        f"fault.camera_{camera}": ("none", f"Fault: one of {', '.join(CAMERA_FAULTS)}.", None)
        for camera in CAMERAS
    },
    "fault.drop_joint_states": (False, "Publish no joint_states.", None),
    "fault.latency_s": (0.0, "Delay of all observations, their stamps stay [s].", (0.0, 5.0)),
    "fault.joint_noise": (
        0.0,
        "Standard deviation of noise on measured positions [rad or m].",
        (0.0, 0.1),
    ),
    "fault.slip": (False, "Let cubes slide out of the gripper.", None),
}
_CHOICES = {
    "task": tuple(TASKS),
    "target": TARGETS,
    **{f"fault.camera_{camera}": CAMERA_FAULTS for camera in CAMERAS},
}


def declare(node: Node) -> Settings:
    """Declare all parameters of ``node``. Raises ValueError that names a wrong one."""
    for name, (default, text, limits) in _SETTINGS.items():
        node.declare_parameter(name, default, _descriptor(default, text, limits, read_only=True))
    for name, (default, text, limits) in _FAULTS.items():
        node.declare_parameter(name, default, _descriptor(default, text, limits))
    refuse_unknown(node)
    problem = check([node.get_parameter(name) for name in (*_SETTINGS, *_FAULTS)])
    if problem:
        raise ValueError(problem)
    settings = Settings(**{name: node.get_parameter(name).value for name in _SETTINGS})
    if settings.real_time_factor != 1.0 and not settings.simulated_time:
        raise ValueError(
            f"real_time_factor {settings.real_time_factor} needs simulated_time: true; "
            "wall time runs at 1"
        )
    node.add_on_set_parameters_callback(_validate)
    return settings


def read_faults(node: Node) -> Faults:
    """The faults that the parameters ask for now."""

    def value(name: str) -> Any:
        return node.get_parameter(f"fault.{name}").value

    return Faults(
        cameras={camera: value(f"camera_{camera}") for camera in CAMERAS},
        drop_joint_states=value("drop_joint_states"),
        latency_s=value("latency_s"),
        joint_noise=value("joint_noise"),
        slip=value("slip"),
    )


def check(parameters: Sequence[Parameter]) -> str:
    """What is wrong with values that no range can express; empty if nothing is."""
    for parameter in parameters:
        choices = _CHOICES.get(parameter.name)
        if choices and parameter.value not in choices:
            return f"{parameter.name} is {parameter.value!r}: choose one of {', '.join(choices)}"
    return ""


def _validate(parameters: Sequence[Parameter]) -> SetParametersResult:
    problem = check(parameters)
    return SetParametersResult(successful=not problem, reason=problem)


def _descriptor(
    default: Any, text: str, limits: _Range, read_only: bool = False
) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=text, read_only=read_only)
    if limits is None:
        return descriptor
    low, high = limits
    if isinstance(default, int):
        whole = IntegerRange(from_value=int(low), to_value=int(high), step=1)
        descriptor.integer_range = [whole]
    else:
        real = FloatingPointRange(from_value=float(low), to_value=float(high))
        descriptor.floating_point_range = [real]
    return descriptor
