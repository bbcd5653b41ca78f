"""The chain over a recording that ``ros2 bag play RECORDING --clock 100`` plays.

``ros2 launch aura_ros replay.launch.py robot:=unitree_g1 recording:=RECORDING``. States are the
recorded ones whatever the chain commands, so the tracking error stops nothing; commands go to
``replay/...``, apart from those that the recording holds and from a robot that listens.
"""

from aura_ros.nodes.launching import chain
from aura_ros.robot.load import command_topics


def generate_launch_description():
    """The five nodes with the recording as policy."""
    return chain(
        required=("robot", "recording"),
        fixed={"guard": {"tracking_error": float("inf")}},
        remapped=lambda robot: {topic: f"replay/{topic}" for topic in command_topics(robot)},
        backend="recorded",
        use_sim_time="true",
        auto_arm="true",
    )
