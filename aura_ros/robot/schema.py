"""The schema of ``config/robots/*.yaml``: every key, its meaning, unit, range and default.

Units are SI: rad or m as the group's ``unit`` says (``si``: m and rad by column), or
dimensionless for ``normalised`` joints, rates per second. Topics are relative names; a
namespace or a remapping places them.
"""

from __future__ import annotations

from aura_ros.robot.spec import Choice, Field, Flag, ListOf, MapOf, Number, PerJoint, Table, Text

_LINE = Text()
_NAME = Text(r"[a-z][a-z0-9_]*", "a name of lower-case letters, digits and underscores")
_JOINT = Text(r"\S+", "the name of a joint, without spaces")
_TOPIC = Text(
    r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*",
    "a relative topic name as joint_states or camera/image_raw, without a leading slash",
)
_FRAME = Text(r"[A-Za-z_][A-Za-z0-9_./-]*", "the name of a frame, without a leading slash")
_SHARE = Number(0.0, 1.0)
_POSITIVE = PerJoint(Number(low=0.0, above=True))
_ANY = PerJoint(Number())

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
JOINT_TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
FLOAT64_MULTI_ARRAY = "std_msgs/msg/Float64MultiArray"
TWIST = "geometry_msgs/msg/Twist"
TWIST_STAMPED = "geometry_msgs/msg/TwistStamped"
POSE_STAMPED = "geometry_msgs/msg/PoseStamped"

URDF = Table({
    "file": Field(_LINE, "path of a URDF file, relative to this file", None),
    "package": Field(_LINE, "ROS package that holds the URDF, with `path`", None),
    "path": Field(_LINE, "path of the URDF below the package's share folder", None),
    "example_robot_data": Field(_LINE, "path of the URDF in the PyPI package of this name", None),
    "topic": Field(_TOPIC, "std_msgs/msg/String topic that carries the URDF", None),
})

_TIGHTER = {
    "lower": Field(_ANY, "lower position limit, the URDF's if absent", None),
    "upper": Field(_ANY, "upper position limit, the URDF's if absent", None),
    "velocity": Field(_POSITIVE, "speed limit [per s], the URDF's if absent", None),
}
LIMITS = Table({
    **_TIGHTER,
    "acceleration": Field(_POSITIVE, "limit of acceleration [per s^2]; no URDF holds one"),
    "jerk": Field(_POSITIVE, "limit of jerk [per s^3], none if absent", None),
    "margin": Field(
        PerJoint(Number(low=0.0)),
        "how far inside the position limits references are kept; a base needs none",
        None,
    ),
})
LIMIT_SET = Table({
    **_TIGHTER,
    "acceleration": Field(_POSITIVE, "tighter limit of acceleration [per s^2]", None),
    "jerk": Field(_POSITIVE, "tighter limit of jerk [per s^3]", None),
})

SWITCHING = Table({
    "closed": Field(Number(), "position of its joints when closed"),
    "opened": Field(Number(), "position of its joints when open"),
    "low": Field(_SHARE, "rows below this share of the way to open close it", 0.4),
    "high": Field(_SHARE, "rows above this share of the way to open open it", 0.6),
    "debounce": Field(Number(0.0, 5.0), "how long a change lasts in the rows to be one [s]", 0.1),
    "lead": Field(Number(0.0, 5.0), "how long before its row a change is executed [s]", 0.0),
})

GROUP = Table({
    "kind": Field(
        Choice(("joints", "gripper", "base", "pose")),
        "joints (arm, head, hand); gripper; base: distances driven forward and to the left and the "
        "angle turned, commanded as velocities; pose: place and rotation of a tool",
    ),
    "unit": Field(
        Choice(("rad", "m", "normalised", "si")), "unit of its positions; si for base and pose"
    ),
    "joints": Field(
        ListOf(_JOINT, unique=True),
        "names as in joint_states and in the URDF; of a base names of your own for x, y, yaw "
        "(or x, yaw: a differential drive), of a pose for x, y, z, rx, ry, rz",
    ),
    "limits": Field(
        LIMITS,
        "limits of its joints: one number, or a list with one a joint; lower and upper of a pose "
        "may be those of x, y, z only",
    ),
    "continuous": Field(
        ListOf(_JOINT, unique=True),
        "joints that turn without end, beside those that the URDF calls continuous",
        (),
    ),
    "switching": Field(SWITCHING, "of a gripper that is only open or closed", None),
    "frame": Field(
        _FRAME, "frame that a pose is given in; of a base the one of its velocity", None
    ),
    "orientation": Field(
        ListOf(Number(-1.0, 1.0)),
        "of a pose: quaternion x y z w in `frame` from which its rotation vector is counted",
        None,
    ),
    "max_rotation": Field(
        Number(0.0, 3.0, above=True),
        "of a pose: longest rotation vector [rad], 2.8 if absent; it is singular at pi",
        None,
    ),
})

OBSERVATION = Table({
    "cameras": Field(
        MapOf(
            Table({
                "topic": Field(_TOPIC, "topic of the images"),
                "type": Field(Choice((IMAGE, COMPRESSED_IMAGE)), "its message type", IMAGE),
            }),
            _NAME,
        ),
        "cameras of the policy, by the name that the policy knows",
    ),
    "joint_states": Field(_TOPIC, "topic of sensor_msgs/msg/JointState"),
    "pose": Field(
        MapOf(_TOPIC, _NAME),
        "topics of geometry_msgs/msg/PoseStamped that measure the groups of kind pose, by group",
        {},
    ),
    "instruction": Field(_TOPIC, "topic of std_msgs/msg/String: what to do"),
    "objects": Field(_TOPIC, "topic of object poses, which only a simulator has", ""),
    "wrench": Field(
        _TOPIC, "topic of geometry_msgs/msg/WrenchStamped: force and torque at the tool", ""
    ),
    "human_distance": Field(
        _TOPIC,
        "topic of sensor_msgs/msg/Range: least distance between robot and people [m]; infinite "
        "where nobody is seen (REP 117)",
        "",
    ),
})

ACTION = Table({
    "row_period": Field(Number(0.001, 1.0), "time between rows of a chunk [s]", None),
    "row_rate": Field(Number(1.0, 1000.0), "rows of a chunk per second [Hz]", None),
    "horizon": Field(Number(2, 1000, whole=True), "rows in a chunk"),
    "recorded_topic": Field(_TOPIC, "topic on which a recording holds the commands"),
})

MOTION = Table({
    "knot_period": Field(Number(0.001, 0.1), "time between knots of a plan [s]", 0.02),
    "stop_time": Field(Number(0.01, 5.0), "length of the stop tail [s], whole knots", 0.24),
})

COMMAND = Table({
    "topic": Field(_TOPIC, "topic of the controller"),
    "type": Field(
        Choice((JOINT_TRAJECTORY, FLOAT64_MULTI_ARRAY, TWIST, TWIST_STAMPED, POSE_STAMPED)),
        "its message type: Twist and TwistStamped drive one base, TwistStamped and PoseStamped "
        "one pose",
    ),
    "groups": Field(ListOf(_NAME, unique=True), "groups that it drives, in its order", None),
    "joints": Field(ListOf(_JOINT, unique=True), "or the joints, in its order", None),
    "default": Field(Flag(), "published unless others are chosen", True),
})

ROBOT = Table({
    "name": Field(_NAME, "name of the robot"),
    "urdf": Field(URDF, "where the URDF is; absent: every group declares its limits", None),
    "groups": Field(MapOf(GROUP, _NAME), "joint groups; their order is the joint order"),
    "limit_sets": Field(
        MapOf(MapOf(LIMIT_SET, _NAME), _NAME),
        "named sets of tighter limits, by group, chosen when the robot is loaded",
        {},
    ),
    "observation": Field(OBSERVATION, "topics that make up the policy's observation"),
    "action": Field(ACTION, "the policy's chunks"),
    "motion": Field(MOTION, "grid on which motion is planned", MOTION.defaults),
    "commands": Field(MapOf(COMMAND, _NAME), "outputs to controllers, by a name of yours"),
})
