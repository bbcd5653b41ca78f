"""The chain around the embedded robot, armed by itself: ``ros2 launch aura_ros demo.launch.py``."""

from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration, PythonExpression
from launch_ros.actions import Node

from aura_ros.nodes.launching import chain


def generate_launch_description():
    """The five nodes with a trained policy slowed to 200 ms, and the robot."""
    # What is usual is known of the trained policy alone.
    backend = LaunchConfiguration("backend")
    rules = PythonExpression(["'demo' if '", backend, "' == 'demo' else ''"])
    task = DeclareLaunchArgument(
        "task", default_value="pick_place", description="what the robot does"
    )
    robot = Node(
        package="aura_ros",
        executable="sim_node",
        name="sim",
        namespace=LaunchConfiguration("namespace"),
        parameters=[
            {
                "task": LaunchConfiguration("task"),
                "simulated_time": LaunchConfiguration("use_sim_time"),
            }
        ],
        output="screen",
        on_exit=Shutdown(reason="the embedded robot ended"),
    )
    return chain(
        task,
        robot,
        robot="embedded_panda",
        backend="demo",
        latency="0.2",
        rules=rules,
        auto_arm="true",
        use_sim_time="false",
    )
