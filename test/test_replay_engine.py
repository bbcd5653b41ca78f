"""The chain over recorded values: same inputs, same outputs; nothing moves before it may."""

import numpy as np
import pytest
from chain_values import at, chunk, home, joints_at, picture, stamp, toy, wave

from aura_ros.guard.rules.load import load_rules
from aura_ros.replay.actions import SegmentBackend, segments
from aura_ros.replay.engine import Engine, Rates
from aura_ros.replay.faults import fault_of, parse
from aura_ros.types import (
    NS,
    ActionChunk,
    Command,
    Commitment,
    Decision,
    FuserStatus,
    GuardStatus,
    Image,
    Instruction,
    Lease,
    Mode,
    PolicyFeatures,
    Request,
    Verdict,
)

ROBOT = toy()


def recorded(seconds=3.0):
    rows = wave(ROBOT, 0.0, round(seconds / 0.05) + 1)
    times = [stamp(0.05 * k) for k in range(len(rows))]
    return SegmentBackend(segments(zip(times, times, rows, strict=True)), ROBOT)


def scene(seconds=2.0):
    """Log time and value of joints and images at 20 Hz, the log clock far from the stamps."""
    for k in range(round(seconds * 20) + 1):
        t = k / 20
        log_ns = at(t).ros_ns
        yield log_ns, joints_at(t, wave(ROBOT, t, 1)[0])
        yield log_ns, picture(t)


class Run:
    """What an engine says about ``values``."""

    def __init__(self, values, backend=None, **options):
        self.said = []
        backend = recorded() if backend is None else backend or None
        engine = Engine(ROBOT, backend, lambda v, now: self.said.append((v, now)), **options)
        for log_ns, value in values:
            engine.feed(log_ns, value)

    def of(self, kind):
        return [value for value, _ in self.said if isinstance(value, kind)]


@pytest.fixture(scope="module")
def run():
    return Run(scene())


def test_every_chunk_is_committed_on_clean_data(run):
    verdicts = run.of(Verdict)
    assert len(verdicts) == len(run.of(ActionChunk)) > 5
    assert {v.decision for v in verdicts} == {Decision.ALLOW}
    of_chunks = {c.plan.chunk_digest for c in run.of(Commitment)} - {""}
    assert of_chunks == {c.digest for c in run.of(ActionChunk)}


def test_commands_follow_the_recorded_ones_at_the_command_rate(run):
    commands = run.of(Command)
    times = np.array([c.stamp_ns for c in commands])
    assert (np.diff(times) == NS // 40).all()
    wanted = recorded().segment.at(times)
    error = np.abs(np.array([c.position for c in commands]) - wanted)
    assert error[len(error) // 2 :].max() < 0.005, "after it caught up from rest"
    assert all(c.passed for c in commands)


def test_the_rooms_tick_on_a_grid_of_their_own(run):
    times = [now.steady_ns for value, now in run.said if isinstance(value, Lease)]
    assert set(np.diff(times)) <= {0, NS // 20}
    assert len(times) >= 40


def test_no_chunk_is_asked_for_before_the_guard_is_armed(run):
    kinds = [type(v) for v, _ in run.said]
    armed = next(
        i
        for i, (v, _) in enumerate(run.said)
        if isinstance(v, GuardStatus) and v.mode == Mode.ARMED
    )
    assert armed < kinds.index(Request)


def test_a_recorded_instruction_waits_for_the_guard_too():
    told = [(at(0.0).ros_ns, Instruction("reach")), *scene()]
    run = Run(told, instruction="")
    assert {r.observation.instruction for r in run.of(Request)} == {"reach"}
    assert {v.decision for v in run.of(Verdict)} == {Decision.ALLOW}


def test_without_any_instruction_nothing_is_asked():
    assert not Run(scene(), instruction="").of(Request)


def test_the_same_values_give_the_same_decisions(run):
    again = Run(scene())
    assert len(again.said) == len(run.said)
    for (a, at_a), (b, at_b) in zip(run.said, again.said, strict=True):
        assert at_a == at_b
        assert getattr(a, "digest", repr(a)) == getattr(b, "digest", repr(b))


def test_another_request_period_gives_another_number_of_chunks():
    slow = Run(scene(), rates=Rates(request_period=0.5))
    assert len(slow.of(ActionChunk)) in (3, 4, 5)


def test_a_source_that_dies_holds_the_chain():
    values = [(t, v) for t, v in scene() if not (isinstance(v, Image) and t > at(1.0).ros_ns)]
    run = Run(values)
    assert run.of(GuardStatus)[-1].mode == Mode.HOLD
    assert not run.of(Lease)[-1].granted


def test_a_recording_that_loops_starts_the_chain_anew():
    rounds, length = [], 3 * NS
    for number in range(2):
        rounds += [(log_ns + number * length, value) for log_ns, value in scene(2.5)]
    rows = wave(ROBOT, 0.0, 61)
    times = [stamp(0.05 * k) for k in range(61)]
    logs = [*times, *(t + length for t in times)]
    backend = SegmentBackend(segments(zip(logs, times * 2, [*rows, *rows], strict=True)), ROBOT)
    run = Run(rounds, backend)
    chunks = run.of(ActionChunk)
    assert len({c.episode for c in chunks}) == 2
    second = [c for c in chunks if c.episode == chunks[-1].episode]
    assert second[0].start_ns < chunks[0].end_ns + NS, (
        "the second round is at the first one's times"
    )
    committed = {c.plan.chunk_digest for c in run.of(Commitment)}
    assert len([c for c in second if c.digest in committed]) > 5
    assert all(c.passed for c in run.of(Command))


class Steps:
    """A policy of steps that leads from where the rows begin to the recorded commands."""

    name = "steps"
    actions = "arm: delta; gripper: absolute"

    def __init__(self):
        self._recorded = recorded()

    def encode(self, observation):
        return self._recorded.encode(observation)

    def act(self, request, embedding):
        rows = self._recorded.act(request, embedding)
        fade = np.linspace(1.0, 0.0, len(rows))[:, None]
        rows = rows + fade * (request.start.position - rows[0])
        return np.hstack([np.diff(rows[:, :-1], axis=0), rows[:-1, -1:]])


def test_rows_mean_what_the_backend_declares(run):
    steps = Run(scene(), Steps())
    chunks, absolute = steps.of(ActionChunk), run.of(ActionChunk)
    assert len(chunks) == len(absolute)
    for one, other in zip(chunks, absolute, strict=True):
        np.testing.assert_allclose(one.rows[-1, :-1], other.rows[-1, :-1], atol=1e-9)
    assert {v.decision for v in steps.of(Verdict)} == {Decision.ALLOW}
    commands = steps.of(Command)
    wanted = recorded().segment.at(np.array([c.stamp_ns for c in commands]))
    error = np.abs(np.array([c.position for c in commands]) - wanted)
    assert error[-len(error) // 4 :].max() < 0.005, "after it caught up from rest"


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ("amr: delta", "no group 'amr'"),
        ("arm: pose quaternion tip_link tool; gripper: absolute", "hand it in as urdf"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_before_the_first_value(actions, words):
    backend = Steps()
    backend.actions = actions
    with pytest.raises(ValueError, match=words):
        Run([], backend)


def test_recorded_chunks_take_the_policys_place():
    chunks = [chunk(ROBOT, 0.5 + 0.25 * k, k + 1) for k in range(5)]
    values = [*scene(), *((at(0.55 + 0.25 * k).ros_ns, c) for k, c in enumerate(chunks))]
    still = [(t, joints_at((t - at(0).ros_ns) / NS, home(ROBOT))) for t, v in scene()]
    features = PolicyFeatures(1, 1, 1, stamp(0.5), np.arange(5.0))
    values += [*still, (at(0.55).ros_ns, features)]
    run = Run(sorted(values, key=lambda entry: entry[0]), backend=False)
    assert not run.of(Request)
    assert [c.digest for c in run.of(ActionChunk)] == [c.digest for c in chunks]
    assert run.of(PolicyFeatures) == [features]
    assert run.of(Commitment)


def test_chunks_recorded_without_an_instruction_are_not_given_one():
    """It would end the episode that they belong to."""
    chunks = [chunk(ROBOT, 0.5 + 0.25 * k, k + 1, episode=0) for k in range(5)]
    values = [(t, joints_at((t - at(0).ros_ns) / NS, home(ROBOT))) for t, v in scene()]
    values += [*scene(), *((at(0.55 + 0.25 * k).ros_ns, c) for k, c in enumerate(chunks))]
    run = Run(sorted(values, key=lambda entry: entry[0]), backend=False)
    assert "old_episode" not in run.of(FuserStatus)[-1].refused
    assert len({c.plan.chunk_digest for c in run.of(Commitment)}) > 3


# --- faults and rules ---------------------------------------------------------------------------


def fault(text):
    return fault_of(parse(text), ROBOT, at(0.0).ros_ns)


def test_a_fault_strikes_chunks_where_they_leave_the_policy():
    run = Run(scene(), fault=fault("nan:joint_0:1:1"))
    chunks, verdicts = run.of(ActionChunk), run.of(Verdict)
    bad = [not np.isfinite(c.rows).all() for c in chunks]
    assert 0 < sum(bad) < len(bad)
    refused = {v.chunk_digest: v.reason for v in verdicts if v.decision != Decision.ALLOW}
    assert {c.digest for c, is_bad in zip(chunks, bad, strict=True) if is_bad} <= set(refused)
    assert refused[chunks[bad.index(True)].digest] == "schema"


def test_a_fault_strikes_sensors_before_the_chain():
    run = Run(scene(), fault=fault("silent:front:1:5"))
    status = run.of(GuardStatus)[-1]
    assert status.mode == Mode.HOLD
    assert "front went silent" in status.reason


def test_a_fault_strikes_recorded_chunks():
    chunks = [(at(t).ros_ns, chunk(ROBOT, t, k + 1)) for k, t in enumerate((0.5, 0.75, 1.0, 1.25))]
    values = sorted([*scene(1.5), *chunks], key=lambda entry: entry[0])
    run = Run(values, backend=False, fault=fault("future_stamped:0.9:0.5"))
    late = [v for v in run.of(Verdict) if v.decision != Decision.ALLOW]
    assert {v.reason for v in late} == {"freshness"}
    assert len(late) == 2


def test_the_guard_judges_by_the_rules(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("checks: {row_start: {enabled: false}}")
    for rules, is_on in ((None, True), (load_rules(path), False)):
        names = {c.name for v in Run(scene(1.0), rules=rules).of(Verdict) for c in v.checks}
        assert ("row_start" in names) == is_on


def test_rules_that_keep_the_guard_from_being_armed_are_told_at_once(tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("checks: {session_risk: {enabled: true}}")
    with pytest.raises(ValueError, match=r"the guard cannot be armed: session_risk: .*calibrat"):
        Run(scene(), rules=load_rules(path))
