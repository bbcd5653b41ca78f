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
NAMES = itertools.count()
# Doubts on a busy machine until one has a way back.
TRIES = 5


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
        self.answers = 0
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

    @property
    def newest(self):
        """The number of the newest question; 0: none yet."""
        return max((m.identifier for _, m in self.questions), default=0)

    def call(self, word):
        self.answers += 1
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
    made = Live(tmp_path, f"/recovery{next(NAMES)}", **guard)
    with made.chain, made.probe:
        yield made


def gets_into_doubt(live):
    """It moves, then is told what it does not know; the question's words and number."""
    moving(live.robot, live.probe)
    began = time.monotonic()
    live.probe.until(lambda: time.monotonic() > began + 1.0, "it has a path to go back on")
    number = live.newest + 1
    live.tell("juggle three knives")
    return live.asked(number), number


def goes_back(live):
    """A person lets it retreat; whether it does."""
    words, number = gets_into_doubt(live)
    assert "the instruction 'juggle three knives' is unlike" in words
    answer = live.call("retreat")
    assert answer.success, answer.message

    def decided():
        return live.watch.fuser.state == "retreating" or live.newest > number

    live.probe.until(decided, "it goes back, or has no way")
    if live.newest == number:
        return True
    assert "there is no way back" in live.asked(number + 1)
    return False


def goes_on(live):
    """A person tells what it knows, and lets it resume."""
    live.tell("sway gently")
    answer = live.call("resume")
    assert answer.success, answer.message
    moving(live.robot, live.probe, "it goes on")


def test_a_person_is_asked_lets_it_retreat_and_resume_and_all_of_it_is_on_record(live):
    moving(live.robot, live.probe)
    live.call("resume")  # nothing is asked: it goes on as it was
    for _ in range(TRIES):
        if goes_back(live):
            break
        # On a busy machine it rested before the word came, or took too long to find its way.
        goes_on(live)
    else:
        pytest.fail(f"no way back in {TRIES} tries")
    number = live.newest
    live.probe.until(lambda: live.statuses[-1][1].recovering, "and the guard says so")
    live.probe.until(lambda: live.robot.speed > 0.05, "it moves")
    assert "back where it was well" in live.asked(number + 1)
    retreat = live.retreats[-1][1]
    until_ns = retreat.until.sec * NS + retreat.until.nanosec
    there = live.place_at(until_ns)
    assert np.abs(live.robot.moved[-1][1].position - there).max() < 0.05

    goes_on(live)
    live.probe.until(lambda: live.watch.mode == Mode.ACTIVE, "and the guard says so")
    assert live.questions[-1][1].identifier == 0
    assert not live.statuses[-1][1].asking
    live.probe.until(lambda: len(live.heads) >= 3, "heads")

    live.chain.__exit__()
    heads = [from_message(AuditHead, message) for _, message in live.heads]
    (report,) = verify(live.folder, heads)
    assert report.finding is None
    kinds = kinds_of(live.folder, live.name)
    assert kinds.count("Answer") == live.answers
    assert kinds.count("Retreat") == len(live.retreats)
    assert kinds.count("Question") == 2 * (number + 1)  # asked, answered


@pytest.mark.parametrize("live", [{"auto_retreat": True}], indirect=True)
def test_a_retreat_may_come_before_the_question(live):
    for _ in range(TRIES):
        words, _ = gets_into_doubt(live)
        if "there is no way back" not in words:
            break
        goes_on(live)
    else:
        pytest.fail(f"no way back in {TRIES} tries")
    assert words.startswith("back where it was well (before: the instruction")
    assert len(live.retreats) == live.newest
