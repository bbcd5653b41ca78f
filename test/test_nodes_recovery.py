"""Out of a doubt on a live chain: a person is asked on a topic and answers by services."""

from __future__ import annotations

import itertools
import time

import pytest

pytest.importorskip("rclpy")

import numpy as np
from audit_logs import kinds_of
from live_chain import Chain, FakeRobot, Watch, init, moving
from ros_graph import Probe
from std_srvs.srv import Trigger

from aura_ros.audit.verify import verify
from aura_ros.conversions import from_message
from aura_ros.guard.mode import OPTIONS
from aura_ros.nodes.messages import make
from aura_ros.nodes.topics import LATCHED
from aura_ros.types import NS, AuditHead, Mode

KNOWN = "instruction: {instructions: [sway, sway gently, 'please sway'], alpha: 0.3}"
TEXT = "std_msgs/msg/String"
TRIES = itertools.count()


class Live:
    """A chain that knows three instructions and is audited, its robot, and a person's ears."""

    def __init__(self, folder, namespace, **guard):
        rules = folder / "rules.yaml"
        rules.write_text(f"checks:\n  {KNOWN}\n")
        self.folder, self.name = folder / "audit", f"{namespace.strip('/')}_guard"
        self.probe = Probe(namespace=namespace)
        self.questions = self.probe.hear("question", "aura_ros/msg/Question", LATCHED)
        self.retreats = self.probe.hear("retreat", "aura_ros/msg/Retreat")
        self.heads = self.probe.hear("audit_head", "aura_ros/msg/AuditHead")
        self.statuses = self.probe.hear("guard_status", "aura_ros/msg/GuardStatus", LATCHED)
        # Busy machines are no cause here: sources and the disk may pause.
        patient = {"source_timeout": 2.0, "audit_patience": 5.0}
        settings = {"rules": str(rules), "audit": str(self.folder), **patient, **guard}
        self.chain = Chain(namespace, guard=settings)
        self.robot, self.watch = FakeRobot(self.probe), Watch(self.probe)

    def tell(self, text):
        publisher = self.probe.publisher("instruction", TEXT, LATCHED)
        publisher.publish(make(TEXT, {"data": text}))

    def asked(self, number):
        """Wait for a question, and for the robot to rest; its words."""
        self.probe.until(
            lambda: self.questions and self.questions[-1][1].identifier == number,
            f"question {number}",
        )
        self.probe.until(lambda: self.is_held and self.robot.speed == 0.0, "it rests")
        assert tuple(self.questions[-1][1].options) == OPTIONS
        return self.questions[-1][1].words

    @property
    def is_held(self):
        return self.watch.mode == Mode.HOLD and self.statuses[-1][1].asking

    def call(self, word):
        return self.probe.call(f"guard/{word}", Trigger)

    def place_at(self, time_ns):
        """Where the robot was at a time of the system's clock."""
        ago_s = (time.time_ns() - time_ns) / NS
        moment = time.monotonic() - ago_s
        return min(self.robot.moved, key=lambda entry: abs(entry[0] - moment))[1].position


@pytest.fixture
def live(tmp_path, request):
    init()
    guard = getattr(request, "param", {})
    # Another try must not hear what an earlier one has latched.
    made = Live(tmp_path, f"/recovery{next(TRIES)}", **guard)
    with made.chain, made.probe:
        yield made


def test_a_person_is_asked_lets_it_retreat_and_resume_and_all_of_it_is_on_record(live):
    moving(live.robot, live.probe)
    live.call("resume")  # nothing is asked: it goes on as it was
    began = time.monotonic()
    live.probe.until(lambda: time.monotonic() > began + 1.0, "it has a path to go back on")
    live.tell("juggle three knives")
    words = live.asked(1)
    assert "the instruction 'juggle three knives' is unlike" in words

    answer = live.call("retreat")
    assert answer.success, answer.message
    live.probe.until(lambda: live.watch.fuser.state == "retreating", "it goes back")
    live.probe.until(lambda: live.statuses[-1][1].recovering, "and the guard says so")
    live.probe.until(lambda: live.robot.speed > 0.05, "it moves")
    assert "back where it was well" in live.asked(2)
    (retreat,) = (message for _, message in live.retreats)
    until_ns = retreat.until.sec * NS + retreat.until.nanosec
    there = live.place_at(until_ns)
    assert np.abs(live.robot.moved[-1][1].position - there).max() < 0.05

    answer = live.call("resume")
    assert answer.success, answer.message
    moving(live.robot, live.probe, "it goes on")
    live.probe.until(lambda: live.watch.mode == Mode.ACTIVE, "and the guard says so")
    assert live.questions[-1][1].identifier == 0
    assert not live.statuses[-1][1].asking
    live.probe.until(lambda: len(live.heads) >= 3, "heads")

    live.chain.__exit__()
    heads = [from_message(AuditHead, message) for _, message in live.heads]
    (report,) = verify(live.folder, heads)
    assert report.finding is None
    kinds = kinds_of(live.folder, live.name)
    assert kinds.count("Answer") == 3
    assert kinds.count("Retreat") == 1
    assert kinds.count("Question") == 4  # asked, answered, asked, answered


@pytest.mark.parametrize("live", [{"auto_retreat": True}], indirect=True)
def test_a_retreat_may_come_before_the_question(live):
    moving(live.robot, live.probe)
    began = time.monotonic()
    live.probe.until(lambda: time.monotonic() > began + 1.0, "it has a path to go back on")
    live.tell("juggle three knives")
    words = live.asked(1)
    assert words.startswith("back where it was well (before: the instruction")
    assert len(live.retreats) == 1
    assert len(live.questions) == 1
