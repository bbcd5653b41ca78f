"""The policy: what it asks, when, about what is new, from where the motion will be."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from chain_values import (
    STEADY_0,
    at,
    home,
    joints_at,
    moving_plan,
    ns,
    picture,
    stamp,
    toy,
)

from aura_ros.motion.jerk import sample
from aura_ros.policy.actions import Actions
from aura_ros.policy.declared import Declared
from aura_ros.policy.layout import parse
from aura_ros.policy.policy import Policy, PolicyConfig
from aura_ros.robot.description import JointGroup
from aura_ros.settings import SettingError
from aura_ros.types import (
    ActionChunk,
    ClockJump,
    Commitment,
    Configure,
    Instruction,
    Level,
    MemoryState,
    Now,
    PolicyFeatures,
    Provenance,
    Request,
    Reset,
    Response,
    SetEnabled,
    Tick,
)

ROBOT = toy()
DECLARED = Declared(
    "told", (), (), 3, 16, weights_digest="weights", normalisation_digest="numbers"
)
ROWS = np.zeros((16, 3))


class Talk:
    """A policy that sees a picture and joints every 50 ms."""

    def __init__(self, robot=ROBOT, **settings):
        values = {"instruction": "pick", "initial_latency": 0.2, "request_period": 0.1}
        self.policy = Policy(robot, PolicyConfig(**values | settings), session=4)
        self.seconds = 0.0
        self.requests = []

    @property
    def now(self):
        return at(self.seconds)

    def tell(self, value):
        out = self.policy.handle(value, self.now)
        self.requests += [o for o in out if isinstance(o, Request)]
        return out

    def see(self):
        """Joints and a picture of now; the request that follows, if any."""
        before = len(self.requests)
        self.tell(joints_at(self.seconds, home(ROBOT)))
        self.tell(picture(self.seconds))
        return self.requests[before] if len(self.requests) > before else None

    def wait(self, seconds):
        self.seconds = round(self.seconds + seconds, 6)
        return self

    def answer(self, sequence=None, rows=ROWS, error=""):
        sequence = self.requests[-1].sequence if sequence is None else sequence
        return self.tell(Response(sequence, rows, np.arange(5.0), error))

    def health(self):
        return self.policy.health(self.now)


def memory(value, seconds=0.0):
    zero = (0.0, False, 0, 0, 0, 0, "")
    return MemoryState(1, stamp(seconds), np.full(32, value), *zero)


# --- asking and answering -------------------------------------------------------------------


def test_an_answer_becomes_a_chunk_and_features_of_the_request():
    talk = Talk()
    request = talk.see()
    chunk, features = talk.wait(0.15).answer()
    assert isinstance(features, PolicyFeatures)
    assert isinstance(chunk, ActionChunk)
    for value in (features, chunk):
        assert (value.session, value.episode, value.sequence) == (4, 0, 1)
    assert chunk.observation_stamp_ns == features.stamp_ns == stamp(0.0)
    assert chunk.start_ns == request.start.time_ns
    assert (chunk.row_period_ns, chunk.joint_names) == (ROBOT.row_period_ns, ROBOT.joints)
    assert (chunk.source, chunk.inference_ns) == ("policy", ns(0.15))
    np.testing.assert_array_equal(features.embedding, np.arange(5.0))


def test_a_chunk_says_what_it_was_made_with():
    talk = Talk()
    talk.policy = Policy(ROBOT, PolicyConfig(instruction="pick"), declared=DECLARED)
    talk.see()
    chunk, _ = talk.wait(0.15).answer()
    told = hashlib.sha256(b"pick").hexdigest()
    assert chunk.provenance == Provenance("weights", "numbers", ROBOT.digest, told)


def test_the_instruction_of_a_chunk_is_the_one_that_was_asked_with():
    talk = Talk(in_flight=2)
    talk.see()
    unknown, _ = talk.wait(0.15).answer()
    talk.tell(Instruction("push"))
    talk.wait(0.15).see()
    chunk, _ = talk.wait(0.15).answer()
    digests = [hashlib.sha256(text).hexdigest() for text in (b"pick", b"push")]
    assert [c.provenance.instruction for c in (unknown, chunk)] == digests
    # A backend that declares nothing has no digests.
    assert (chunk.provenance.model, chunk.provenance.normalisation) == ("", "")


def test_what_else_was_drawn_and_the_sensitivity_go_along():
    talk = Talk()
    asked = talk.see()
    others = np.stack([ROWS + 0.01, ROWS - 0.01])
    answer = Response(asked.sequence, ROWS, np.arange(5.0), alternatives=others, sensitivity=1.5)
    chunk, features = talk.wait(0.15).tell(answer)
    np.testing.assert_array_equal(chunk.alternatives, others)
    assert features.sensitivity == 1.5


def test_there_is_one_request_at_a_time():
    talk = Talk()
    assert talk.see()
    for _ in range(10):
        assert talk.wait(0.05).see() is None
    talk.answer()
    assert talk.wait(0.05).see().sequence == 2


def test_requests_keep_their_period():
    talk = Talk(request_period=0.2)
    asked = []
    for _ in range(40):
        if talk.see():
            asked.append(talk.seconds)
            talk.answer()
        talk.wait(0.05)
    np.testing.assert_allclose(np.diff(asked), 0.2)


def test_nothing_is_asked_about_the_same_picture_twice():
    talk = Talk()
    talk.see()
    talk.answer()
    talk.wait(1.0)
    talk.tell(picture(0.0))
    assert talk.tell(Tick()) == []
    assert len(talk.requests) == 1


def test_answers_to_other_requests_are_dropped():
    talk = Talk()
    talk.see()
    assert talk.answer(sequence=7) == []
    assert len(talk.answer()) == 2
    assert talk.answer() == []


def test_an_answer_that_never_comes_is_asked_for_again():
    talk = Talk(request_timeout=1.0)
    talk.see()
    talk.wait(1.0).tell(Tick())
    assert talk.health().level == Level.OK
    talk.wait(0.01).tell(Tick())
    assert "no answer for 1.0 s" in talk.health().summary
    assert talk.see().sequence == 2
    assert talk.answer(sequence=1) == []
    assert len(talk.answer(sequence=2)) == 2
    assert talk.health().level == Level.OK


def test_an_error_of_the_backend_is_said_and_the_next_answer_ends_it():
    talk = Talk()
    talk.see()
    assert talk.answer(error="out of memory") == []
    assert (talk.health().level, talk.health().summary) == (Level.ERROR, "out of memory")
    assert talk.wait(0.1).see()
    talk.answer()
    assert talk.health().level == Level.OK


# --- several requests in flight -------------------------------------------------------------


def chunks(values):
    return [value.sequence for value in values if isinstance(value, ActionChunk)]


def test_as_many_requests_wait_as_may_be_in_flight():
    talk = Talk(in_flight=3, initial_latency=0.3)
    asked = [talk.see() or talk.wait(0.05) for _ in range(20)]
    assert sum(isinstance(request, Request) for request in asked) == 3
    assert talk.health().values["waiting"] == "3"


def test_requests_in_flight_are_spread_over_the_latency():
    talk = Talk(in_flight=3, initial_latency=0.3, request_period=0.05)
    asked = []
    for _ in range(7):
        if talk.see():
            asked.append(talk.seconds)
        talk.wait(0.05)
    np.testing.assert_allclose(asked, [0.0, 0.1, 0.2])


def test_every_request_is_about_a_new_picture():
    talk = Talk(in_flight=3)
    talk.see()
    talk.wait(1.0).tell(picture(0.0))
    assert talk.tell(Tick()) == []
    assert len(talk.requests) == 1


def test_without_cameras_every_request_is_about_new_joints():
    talk = Talk(toy(cameras=()), in_flight=3, initial_latency=0.1)
    talk.tell(joints_at(0.0, home(ROBOT)))
    talk.wait(0.2).tell(Tick())
    assert len(talk.requests) == 1
    talk.tell(joints_at(0.2, home(ROBOT)))
    assert len(talk.requests) == 2


@pytest.mark.parametrize("in_flight", [1, 2])
def test_after_a_wait_for_an_answer_the_next_request_is_about_a_newer_picture(in_flight):
    talk = Talk(in_flight=in_flight, initial_latency=0.1, request_period=0.1)
    for _ in range(in_flight):
        assert talk.see()
        talk.wait(0.1)
    assert talk.see() is None  # no room for what is seen now
    talk.wait(0.03).answer(sequence=1)
    assert talk.wait(0.01).tell(Tick()) == []
    assert talk.wait(0.04).see()


def test_the_next_request_waits_until_the_plan_of_the_last_answer_is_committed():
    talk = Talk()
    talk.see()
    chunk, _ = talk.wait(0.2).answer()
    assert talk.wait(0.01).see() is None  # its plan is judged
    made = moving_plan(ROBOT, begin_s=0.2)
    talk.tell(Commitment(made))  # a renewed stop, another plan
    assert len(talk.requests) == 1
    plan = replace(made, chunk_digest=chunk.digest)
    talk.tell(Commitment(plan))
    assert len(talk.requests) == 2
    told = talk.requests[-1].start
    np.testing.assert_array_equal(told.position, sample(plan, told.time_ns).position)


def test_where_no_plan_is_committed_the_next_request_waits_no_longer_than_one_could_be():
    talk = Talk(commit_delay=0.05)
    talk.see()
    talk.wait(0.2).answer()
    assert talk.wait(0.045).see() is None
    assert talk.wait(0.005).see()


def test_an_answer_that_was_overtaken_is_not_passed_on():
    talk = Talk(in_flight=2, initial_latency=0.1)
    talk.see()
    talk.wait(0.1).see()
    assert chunks(talk.wait(0.1).answer(sequence=2)) == [2]
    assert talk.answer(sequence=1) == []
    assert talk.health().values["overtaken"] == "1"
    assert talk.health().level == Level.OK


@pytest.mark.parametrize("value", [Reset(), ClockJump(), SetEnabled(False), Instruction("push")])
def test_nothing_in_flight_is_answered_after(value):
    talk = Talk(in_flight=2, initial_latency=0.1)
    talk.see()
    talk.wait(0.1).see()
    assert len(talk.requests) == 2
    talk.tell(value)
    assert talk.answer(sequence=1) == talk.answer(sequence=2) == []


def test_one_request_of_several_times_out():
    talk = Talk(in_flight=2, initial_latency=0.2, request_timeout=1.0)
    talk.see()
    talk.wait(0.5).see()
    talk.wait(0.6).tell(Tick())
    assert talk.health().values["timed_out"] == "1"
    assert talk.answer(sequence=1) == []
    assert chunks(talk.answer(sequence=2)) == [2]


def flight(in_flight, latency_s, seconds=6.0):
    """Chunks of a backend that takes ``latency_s`` for each of ``in_flight`` requests."""
    talk = Talk(in_flight=in_flight, initial_latency=latency_s, roll_forward=False)
    found, due = [], []
    while talk.seconds < seconds:
        request = talk.see()
        due += [(round(talk.seconds + latency_s, 6), request.sequence)] if request else []
        for when, sequence in [entry for entry in due if entry[0] <= talk.seconds]:
            due.remove((when, sequence))
            found += [
                (talk.seconds, c) for c in talk.answer(sequence) if isinstance(c, ActionChunk)
            ]
        assert talk.health().values["waiting"] == str(len(due))
        assert len(due) <= in_flight
        talk.wait(0.01)
    return talk, found


@pytest.mark.parametrize(("in_flight", "is_free"), [(1, False), (2, True), (3, True)])
def test_more_requests_bridge_longer_latencies(in_flight, is_free):
    """Chunks of 0.8 s whose rows begin at the capture stamp, answered after 0.45 s."""
    talk, found = flight(in_flight, 0.45)
    ends = [(c.start_ns - stamp(0)) / 1e9 + 0.8 for _, c in found]
    arrivals = [when for when, _ in found]
    gaps = [later > end for end, later in zip(ends, arrivals[1:], strict=False)]
    assert len(gaps) > 5
    assert any(gaps) is not is_free
    assert (talk.health().level == Level.OK) is is_free


def test_more_requests_than_are_allowed_now_are_waited_for():
    talk = Talk(in_flight=2, initial_latency=0.1)
    talk.see()
    talk.wait(0.1).see()
    talk.tell(Configure({"instruction": "pick", "in_flight": 1}))
    talk.answer(sequence=1)
    assert talk.wait(0.2).see() is None
    talk.answer(sequence=2)
    assert talk.wait(0.2).see()


# --- what is asked about --------------------------------------------------------------------


def test_observations_are_aligned_by_capture_stamp():
    talk = Talk()
    for k in range(5):
        talk.tell(joints_at(0.02 * k, home(ROBOT) + k))
    talk.wait(0.1)
    talk.tell(picture(0.04))
    observation = talk.requests[0].observation
    assert observation.stamp_ns == observation.joints.stamp_ns == stamp(0.04)


def test_without_a_committed_plan_rows_begin_where_the_robot_was_seen():
    start = Talk().see().start
    assert start.time_ns == stamp(0.0)
    np.testing.assert_array_equal(start.position, home(ROBOT))
    assert not start.velocity.any()


def test_rows_begin_in_the_committed_state_at_the_time_of_execution():
    talk = Talk(initial_latency=0.2, commit_delay=0.04)
    plan = moving_plan(ROBOT)
    talk.tell(Commitment(plan))
    start = talk.see().start
    expected = sample(plan, stamp(0.24))
    assert start.time_ns == expected.time_ns
    for field in ("position", "velocity", "acceleration"):
        np.testing.assert_array_equal(getattr(start, field), getattr(expected, field))
    assert np.abs(start.velocity).max() > 0


def test_the_measured_latency_replaces_the_assumed_one():
    talk = Talk(initial_latency=0.2, commit_delay=0.04)
    talk.tell(Commitment(moving_plan(ROBOT)))
    for _ in range(3):
        talk.see()
        talk.wait(0.1).answer()
        talk.wait(0.05)
    start = talk.see().start
    assert start.time_ns == talk.now.ros_ns + ns(0.14)
    assert talk.health().values["latency_p95_ms"] == "100.0"


def test_roll_forward_can_be_switched_off():
    talk = Talk(roll_forward=False)
    talk.tell(Commitment(moving_plan(ROBOT)))
    assert talk.see().start.time_ns == stamp(0.0)


def test_the_readout_goes_along_while_it_is_fresh():
    talk = Talk(readout_timeout=2.0)
    assert talk.see().readout is None
    talk.answer()
    talk.tell(memory(0.5))
    np.testing.assert_array_equal(talk.wait(2.0).see().readout, np.full(32, 0.5))
    assert talk.health().values["memory_readout"] == "yes"
    talk.answer()
    assert talk.wait(0.1).see().readout is None
    assert talk.health().values["memory_readout"] == "no"


def test_how_far_a_base_drove_is_taken_from_the_plan():
    robot = toy()
    groups = (JointGroup("base", "base", robot.groups[0].joints, "si"), robot.groups[1])
    robot = toy(groups=groups)
    talk = Talk(robot, roll_forward=False)
    plan = moving_plan(robot)
    talk.tell(Commitment(plan))
    start = talk.wait(0.3).see().start
    planned = sample(plan, stamp(0.3)).position
    np.testing.assert_array_equal(start.position, [*planned[:2], home(robot)[2]])
    assert np.abs(planned - home(robot)).min() > 1e-6


# --- what the rows mean ---------------------------------------------------------------------


def test_rows_of_another_width_are_an_error_that_names_both():
    talk = Talk()
    talk.see()
    assert talk.answer(rows=np.zeros((16, 7))) == []
    summary = talk.health().summary
    assert talk.health().level == Level.ERROR
    for words in ("(16, 7)", "rows of 3 numbers", "arm: absolute; gripper: absolute"):
        assert words in summary
    talk.wait(0.1).see()
    assert chunks(talk.answer()) == [2]


def test_rows_become_targets_anchored_at_the_told_state():
    talk = Talk(roll_forward=True)
    actions = Actions(ROBOT, parse("arm: relative; gripper: absolute"))
    talk.policy = Policy(ROBOT, PolicyConfig(instruction="pick"), 4, actions)
    talk.tell(Commitment(moving_plan(ROBOT)))
    start = talk.see().start
    chunk, _ = talk.answer(rows=np.full((16, 3), 0.03))
    np.testing.assert_allclose(chunk.rows[0], [*(start.position[:2] + 0.03), 0.03])


# --- episodes -------------------------------------------------------------------------------


def test_a_new_instruction_begins_an_episode_and_drops_what_was_asked():
    talk = Talk()
    talk.see()
    talk.tell(memory(0.5))
    talk.tell(Instruction("push"))
    assert talk.answer(sequence=1) == []
    request = talk.wait(0.1).see()
    assert (request.episode, request.observation.instruction) == (1, "push")
    assert request.readout is None
    assert talk.answer()[1].episode == 1


def test_a_repeated_instruction_is_no_new_episode():
    talk = Talk()
    talk.tell(Instruction("pick"))
    talk.see()
    talk.tell(Instruction("pick"))
    features, chunk = talk.answer()
    assert chunk.episode == features.episode == 1


@pytest.mark.parametrize("value", [Reset(), ClockJump()])
def test_reset_and_clock_jump_begin_an_episode(value):
    talk = Talk()
    talk.see()
    assert talk.tell(value) == []
    assert talk.answer(sequence=1) == []
    request = talk.wait(0.2).see()
    assert (request.episode, request.sequence) == (1, 2)


def test_after_a_clock_jump_earlier_stamps_are_new():
    talk = Talk()
    talk.wait(10.0).see()
    talk.answer()
    talk.tell(ClockJump())
    past = Now(stamp(1.0), STEADY_0 + ns(11.0))
    talk.policy.handle(joints_at(1.0, home(ROBOT)), past)
    (request,) = talk.policy.handle(picture(1.0), past)
    assert request.observation.stamp_ns == stamp(1.0)
    assert request.start.time_ns == stamp(1.0)  # the old plan is forgotten


def test_sequences_go_on_over_episodes():
    talk = Talk()
    for _ in range(3):
        talk.see()
        talk.tell(Reset())
        talk.wait(0.2)
    assert [request.sequence for request in talk.requests] == [1, 2, 3]


# --- health and switches --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instruction", "tell", "words"),
    [
        ("pick", [], "no image of camera front yet"),
        ("pick", [picture(0.0)], "no joint states on joint_states yet"),
        ("", [picture(0.0), joints_at(0.0, home(ROBOT))], "no instruction on instruction yet"),
    ],
)
def test_what_the_policy_lacks_is_said(instruction, tell, words):
    talk = Talk(instruction=instruction)
    for value in tell:
        talk.tell(value)
    talk.tell(Tick())
    assert (talk.health().level, talk.health().summary) == (Level.WARN, words)


def test_a_stream_that_ends_is_said():
    talk = Talk(request_timeout=1.0)
    talk.see()
    talk.answer()
    assert talk.health().summary == "runs"
    assert talk.wait(1.1).health().summary == "no new observation"


def test_disabled_it_neither_asks_nor_answers():
    talk = Talk()
    talk.see()
    talk.tell(SetEnabled(False))
    assert talk.answer() == []
    assert talk.wait(0.2).see() is None
    assert talk.health().level == Level.WARN
    talk.tell(SetEnabled(True))
    assert talk.wait(0.2).see()


def test_settings_change_while_it_runs():
    talk = Talk()
    talk.tell(Configure({"instruction": "pick", "alignment_tolerance": 0.01}))
    talk.tell(joints_at(0.02, home(ROBOT)))
    talk.tell(picture(0.0))
    assert talk.health().summary == "no joint state near the images' stamp"
    with pytest.raises(SettingError, match="request_timeout"):
        talk.tell(Configure({"request_timeout": 0.0}))


def test_a_robot_without_cameras_asks_about_its_joints():
    talk = Talk(toy(cameras=()))
    (request,) = talk.tell(joints_at(0.0, home(ROBOT)))
    assert dict(request.observation.images) == {}


def test_a_value_that_is_not_for_the_policy_is_a_mistake():
    with pytest.raises(TypeError, match="float"):
        Policy(ROBOT).handle(1.0, at(0))
