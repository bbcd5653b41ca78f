"""The node over real ROS 2: what it publishes, what it takes, how it fails and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2")

from builtin_interfaces.msg import Duration  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import PoseArray  # noqa: E402
from rcl_interfaces.srv import SetParametersAtomically  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import Image, JointState  # noqa: E402
from std_msgs.msg import Bool, Float64MultiArray, String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint  # noqa: E402

from aura_ros.sim import gl  # noqa: E402
from aura_ros.sim.model import HOME, JOINTS  # noqa: E402

pytestmark = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")

DOMAIN = 1 + os.getpid() % 100
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

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture(scope="module")
def sim():
    process = start_sim(DOMAIN)
    yield process
    assert stop_sim(process)[0] == 0


@pytest.fixture(scope="module")
def client(sim):
    client = Client(DOMAIN)
    yield client
    client.close()


@pytest.fixture
def healthy(client):
    """The client, with all faults cleared afterwards."""
    yield client
    cleared = {"camera_front": "none", "drop_joint_states": False, "latency_s": 0.0}
    assert client.set(**cleared, joint_noise=0.0, slip=False).successful


def stamp_ns(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def test_joint_states_come_at_100_hz_in_joint_order(client):
    states = client.fresh("joint_states", 100)
    assert all(tuple(state.name) == JOINTS for state in states)
    assert all(len(state.position) == len(state.velocity) == 8 for state in states)
    assert np.median(np.diff([stamp_ns(state) for state in states])) == pytest.approx(1e7, rel=0.3)


@pytest.mark.parametrize("camera", ["front", "wrist"])
def test_images_are_live_and_stamped_with_wall_time(client, camera):
    images = client.fresh(f"camera/{camera}/image_raw", 5)
    for image in images:
        assert (image.encoding, image.header.frame_id) == ("rgb8", f"{camera}_camera")
        assert (image.height, image.width, image.step) == (48, 64, 192)
        assert pixels(image).mean() > 30
    assert len({bytes(image.data) for image in images}) == 5
    assert 0 <= time.time_ns() - stamp_ns(images[-1]) < 2e9


def test_objects_are_poses_in_the_base_frame(client):
    (objects,) = client.fresh("objects")
    assert objects.header.frame_id == "panda_link0"
    assert len(objects.poses) == 2
    assert 0.3 < objects.poses[0].position.x < 0.7


def test_instruction_and_success_are_latched(client):
    late = Client(DOMAIN)
    late.wait(lambda: late.heard["instruction"] and late.heard["success"])
    late.close()
    assert late.heard["instruction"][0].data == "push the red cube onto the green disc"
    assert late.heard["success"][0].data is False


def test_a_trajectory_is_followed_and_positions_take_over(client):
    first, second = HOME.copy(), HOME.copy()
    first[0], second[0], second[7] = 0.2, 0.19, 0.03
    client.follow(first, 0.5)
    client.arrive(first)
    client.positions.publish(Float64MultiArray(data=second.tolist()))
    client.arrive(second)


def test_a_refused_command_moves_nothing_and_is_reported(client):
    client.follow(HOME, 0.2)
    client.arrive(HOME)
    client.follow(HOME + 0.5, 0.2, names=[*JOINTS[:7], "elbow"])
    sentinel = HOME.copy()
    sentinel[6] += 0.05
    begin = len(client.heard["joint_states"])
    client.follow(sentinel, 0.3)
    client.arrive(sentinel)
    seen = np.array([state.position for state in client.heard["joint_states"][begin:]])
    assert np.abs(seen - HOME)[:, :6].max() < 0.01
    client.wait(
        lambda: any(
            "unknown joints ['elbow']" in status.message
            for status in client.heard["/diagnostics"][-1].status
        )
    )


def test_episodes_answer_with_their_seeds_and_repeat_the_instruction(client):
    told = len(client.heard["instruction"])
    before = client.fresh("objects")[0].poses
    answer = client.call(Trigger, "sim/new_episode", Trigger.Request())
    assert (answer.success, answer.message) == (True, "8")
    client.wait(lambda: client.heard["objects"][-1].poses != before)
    assert client.call(Trigger, "sim/reset", Trigger.Request()).message == "7"
    client.arrive(HOME)
    client.wait(lambda: len(client.heard["instruction"]) == told + 2)


def test_a_frozen_camera_repeats_its_frame_with_fresh_stamps(healthy):
    assert healthy.set(camera_front="frozen").successful
    healthy.fresh(FRONT, 2)
    images = healthy.fresh(FRONT, 4)
    assert len({bytes(image.data) for image in images}) == 1
    assert len({stamp_ns(image) for image in images}) == 4
    assert len({bytes(i.data) for i in healthy.fresh("camera/wrist/image_raw", 4)}) == 4


def test_a_black_camera_is_black(healthy):
    assert healthy.set(camera_front="black").successful
    healthy.wait(lambda: not pixels(healthy.heard[FRONT][-1]).any())


def test_dropped_joint_states_stop_and_return(healthy):
    assert healthy.set(drop_joint_states=True).successful
    healthy.fresh(FRONT, 2)
    before = len(healthy.heard["joint_states"])
    healthy.fresh(FRONT, 5)
    assert len(healthy.heard["joint_states"]) == before
    assert healthy.set(drop_joint_states=False).successful
    healthy.fresh("joint_states", 5)


def test_latency_delays_observations_but_not_their_stamps(healthy):
    assert healthy.set(latency_s=0.4).successful
    healthy.fresh("joint_states", 60)
    for topic in ("joint_states", FRONT, "objects"):
        (message,) = healthy.fresh(topic)
        assert time.time_ns() - stamp_ns(message) >= 0.39e9


def test_noise_shakes_the_measured_positions(healthy):
    assert healthy.set(joint_noise=0.01).successful
    healthy.fresh("joint_states", 10)
    states = np.array([state.position for state in healthy.fresh("joint_states", 50)])
    assert 0.005 < states.std(axis=0).mean() < 0.02


@pytest.mark.parametrize(
    ("fault", "reason"),
    [({"camera_front": "dusty"}, "none, frozen, black"), ({"latency_s": -1.0}, "out of range")],
)
def test_a_fault_that_does_not_exist_is_refused(client, fault, reason):
    result = client.set(**fault)
    assert not result.successful
    assert reason in result.reason


def test_simulated_time_runs_at_its_factor():
    process = start_sim(DOMAIN + 1, simulated_time=True, real_time_factor=4.0)
    client = Client(DOMAIN + 1)
    begin, wall = client.fresh("/clock")[0].clock, time.monotonic()
    clocks = client.fresh("/clock", 1000)
    passed = clocks[-1].clock.sec - begin.sec + 1e-9 * (clocks[-1].clock.nanosec - begin.nanosec)
    # A busy machine may fall behind, but never runs ahead.
    assert 1.0 < passed / (time.monotonic() - wall) < 4.2
    (state,) = client.fresh("joint_states")
    assert stamp_ns(state) < 600 * 10**9
    client.close()
    assert stop_sim(process)[0] == 0


def test_sigterm_ends_the_node_cleanly():
    process = start_sim(DOMAIN + 2)
    Client(DOMAIN + 2).close()
    code, errors = stop_sim(process, signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("task", "pour", "choose one of reach, push, pick_place"),
        ("camera_rate", 0.0, "camera_rate out of range"),
        ("real_time_factor", 2.0, "needs simulated_time"),
    ],
)
def test_a_wrong_parameter_ends_the_node_with_its_name(parameter, value, reason):
    process = start_sim(DOMAIN + 3, **{parameter: value})
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert reason in errors
    assert "Traceback" not in errors
