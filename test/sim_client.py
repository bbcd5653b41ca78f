"""Starts the embedded robot as a process, listens to everything it says, and speaks to it."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Bool, Float64MultiArray, String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from aura_ros.sim.model import JOINTS

# Domains 1 to 101 are free of port clashes on Linux.
DOMAINS = [1 + (os.getpid() + k) % 100 for k in range(4)]
PATIENCE_S = 30.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
TOPICS = {
    "joint_states": (JointState, qos_profile_sensor_data),
    "objects": (PoseArray, qos_profile_sensor_data),
    "camera/front/image_raw": (Image, qos_profile_sensor_data),
    "camera/wrist/image_raw": (Image, qos_profile_sensor_data),
    "/clock": (Clock, qos_profile_sensor_data),
    "instruction": (String, LATCHED),
    "success": (Bool, LATCHED),
    "/diagnostics": (DiagnosticArray, 10),
}
FRONT = "camera/front/image_raw"


def start_sim(domain, **parameters):
    """The node as a process of its own."""
    values = {"task": "push", "seed": 7, "image_width": 64, "image_height": 48, **parameters}
    pairs = [word for k, v in values.items() for word in ("-p", f"{k}:={v}")]
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "aura_ros.sim.node", "--ros-args", *pairs],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop_sim(process, number=signal.SIGINT):
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, errors


class Client:
    """Listens to everything the robot says, and speaks to it."""

    def __init__(self, domain):
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node("client", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard = defaultdict(list)
        for topic, (kind, qos) in TOPICS.items():
            self.node.create_subscription(kind, topic, self.heard[topic].append, qos)
        self.trajectories = self.node.create_publisher(
            JointTrajectory, "joint_trajectory_controller/joint_trajectory", 1
        )
        self.positions = self.node.create_publisher(
            Float64MultiArray, "position_controller/commands", 1
        )
        self.wait(lambda: self.heard["joint_states"])
        self.wait(lambda: self.trajectories.get_subscription_count() == 1)
        self.wait(lambda: self.positions.get_subscription_count() == 1)

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "nothing came in time"
            self.executor.spin_once(timeout_sec=0.1)

    def fresh(self, topic, count=1):
        """The next ``count`` messages of a topic."""
        before = len(self.heard[topic])
        self.wait(lambda: len(self.heard[topic]) >= before + count)
        return self.heard[topic][before : before + count]

    def call(self, kind, name, request):
        service = self.node.create_client(kind, name)
        self.wait(service.service_is_ready)
        future = service.call_async(request)
        self.wait(future.done)
        return future.result()

    def set(self, **faults):
        values = [Parameter(f"fault.{k}", value=v).to_parameter_msg() for k, v in faults.items()]
        request = SetParametersAtomically.Request(parameters=values)
        name = "sim/set_parameters_atomically"
        return self.call(SetParametersAtomically, name, request).result

    def follow(self, target, seconds, names=JOINTS):
        point = JointTrajectoryPoint(positions=list(target), velocities=[0.0] * len(target))
        whole = int(seconds)
        point.time_from_start = Duration(sec=whole, nanosec=int((seconds - whole) * 1e9))
        self.trajectories.publish(JointTrajectory(joint_names=list(names), points=[point]))

    def arrive(self, target):
        """Wait until the joints rest at ``target``."""

        def there():
            state = self.heard["joint_states"][-1]
            near = np.abs(np.array(state.position) - target).max() < 2e-3
            return near and np.abs(state.velocity).max() < 1e-2

        self.wait(there)

    def diagnosed(self, name):
        """Everything that was said under one name so far."""
        lines = [line for array in self.heard["/diagnostics"] for line in array.status]
        return " ".join(line.message for line in lines if line.name == name)

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


def stamp_ns(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
