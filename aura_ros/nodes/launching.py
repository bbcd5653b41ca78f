"""The chain as launch actions, for the launch files and for those of other packages.

Topics are remapped as everywhere in launch: include a launch file in a GroupAction behind
``SetRemap("joint_states", "/my_arm/joint_states")``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from aura_ros.nodes.arguments import PARAMETERS, PLAIN, parameters_of, security
from aura_ros.nodes.processes import image_transport
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.pipeline import ROOMS

RESPAWN_DELAY_S = 1.0

Remapper = Callable[[str], Mapping[str, str]]


def chain(
    *more: LaunchDescriptionEntity,
    required: tuple[str, ...] = (),
    fixed: Mapping[str, Mapping[str, Any]] | None = None,
    remapped: Remapper = lambda robot: {},
    **defaults: str,
) -> LaunchDescription:
    """The five nodes with their launch arguments, then ``more``.

    ``defaults`` are defaults of arguments, ``required`` arguments without one, ``fixed``
    parameters by node, and ``remapped`` the remappings for a robot's configuration.
    """

    def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
        given = {a.name: context.launch_configurations[a.name] for a in PARAMETERS}
        names = remapped(given["robot"])
        return [_node(room, context, given, (fixed or {}).get(room, {}), names) for room in ROOMS]

    environment = [SetEnvironmentVariable(*pair) for pair in image_transport().items()]
    return LaunchDescription(
        [*_declared(required, defaults), *environment, OpaqueFunction(function=nodes), *more]
    )


def _declared(required: tuple[str, ...], defaults: Mapping[str, str]) -> list[Any]:
    words = {a.name: a.description for a in PARAMETERS}
    words |= {name: description for name, (_, description) in PLAIN.items()}
    values = dict.fromkeys(words, "")
    values |= {name: default for name, (default, _) in PLAIN.items()} | dict(defaults)
    return [
        DeclareLaunchArgument(
            name, default_value=None if name in required else values[name], description=words[name]
        )
        for name in words
    ]


def _node(
    room: str,
    context: LaunchContext,
    given: dict[str, str],
    fixed: Mapping[str, Any],
    remapped: Mapping[str, str],
) -> Node:
    file = context.launch_configurations["params_file"]
    return Node(
        package="aura_ros",
        executable=f"{room}_node",
        name=room,
        namespace=LaunchConfiguration("namespace"),
        parameters=[*([file] if file else []), {**fixed, **parameters_of(room, given)}],
        remappings=list(remapped.items()),
        ros_arguments=security(room),
        output="screen",
        respawn=LaunchConfiguration("respawn"),
        respawn_delay=RESPAWN_DELAY_S,
        on_exit=_end_if_misconfigured,
    )


def _end_if_misconfigured(event: Any, context: LaunchContext) -> None:
    """What is wrong in the configuration stays wrong: starting again would only repeat it."""
    if event.returncode == MISCONFIGURED:
        # Unlike Shutdown this makes the exit status of launch say so.
        raise RuntimeError(f"{event.process_name} is misconfigured: see its error above")
