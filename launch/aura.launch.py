"""The chain on a robot: ``ros2 launch aura_ros aura.launch.py robot:=ur5``.

Nodes configure and activate by themselves, also after a respawn; the guard waits to be armed:
``ros2 service call /guard/arm std_srvs/srv/SetBool "{data: true}"``.
"""

from aura_ros.nodes.launching import chain


def generate_launch_description():
    """The five nodes."""
    return chain()
