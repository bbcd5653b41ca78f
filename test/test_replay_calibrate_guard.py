"""A calibration of the guard from what runs left behind is that of what the guard heard."""

import json
from dataclasses import replace

import numpy as np
import pytest
from chain_values import at, toy
from replay_recordings import TEXT, make
from rosbags.rosbag2 import StoragePlugin, Writer
from test_fuser_switching import Rig, sway, without_row_start
from typer.testing import CliRunner

from aura_ros.cli import app
from aura_ros.conversions import MESSAGES, to_message
from aura_ros.guard.config import GuardConfig
from aura_ros.guard.guard import Guard
from aura_ros.guard.risk import calibration
from aura_ros.guard.risk.conformal import CalibrationError
from aura_ros.guard.risk.fit import FEWEST
from aura_ros.guard.risk.recorder import ARRAYS, Recorder
from aura_ros.journal import Journal
from aura_ros.monitor.monitor import Monitor
from aura_ros.pipeline import Pipeline
from aura_ros.replay.calibrate_guard import calibrate_guard, episodes_of, summary
from aura_ros.replay.typestore import maker, typestore
from aura_ros.replay.writer import TOPICS
from aura_ros.types import (
    Decision,
    FailureRisk,
    Instruction,
    Mode,
    PolicyFeatures,
    RiskLevel,
    Verdict,
)

ROBOT = toy()
BOOL = "std_msgs/msg/Bool"
TEXTS = ("push the red cube", "open the red drawer")
EPISODES = FEWEST + 2
FAILED, HELD = 3, 5


class Noted:
    """A guard with a recorder of its own, that writes a journal and a recording."""

    def __init__(self, folder):
        self.recorder = Recorder(ROBOT)
        self.guard = Guard(ROBOT, GuardConfig(auto_arm=True), session=1, rules=self.rules)
        self.journal = Journal(folder / "guard.jsonl")
        self.writer = Writer(folder / "run", version=9, storage_plugin=StoragePlugin.MCAP)
        self.writer.open()
        kinds = {TOPICS[k]: MESSAGES[k] for k in TOPICS} | {"/instruction": TEXT, "/success": BOOL}
        self.topics = {
            name: self.writer.add_connection(name, kind, typestore=typestore())
            for name, kind in kinds.items()
        }

    def rules(self, robot, settings):
        made = without_row_start(robot, settings)
        return replace(made, watches=(*made.watches, self.recorder))

    def handle(self, value, now):
        said = self.guard.handle(value, now)
        for is_said, out in ((False, value), *((True, out) for out in said)):
            self.journal.append(is_said, now, out)
            if isinstance(out, Instruction):
                self.write("/instruction", make(TEXT, {"data": out.text}), now)
            elif type(out) in TOPICS:
                self.write(TOPICS[type(out)], to_message(out, maker()), now)
        return said

    def health(self, now):
        return self.guard.health(now)

    def write(self, topic, message, now):
        connection = self.topics[topic]
        data = typestore().serialize_cdr(message, connection.msgtype)
        self.writer.write(connection, now.ros_ns, data)

    def close(self):
        self.journal.close()
        self.writer.close()


class Run(Rig):
    """Episodes with embeddings, one stale chunk each, and successes but for one."""

    def __init__(self, folder):
        super().__init__(sway, lambda seconds: True, robot=ROBOT)
        self.noted = Noted(folder)
        self.rng = np.random.default_rng(1)
        cores = {"monitor": Monitor(), "guard": self.noted, "fuser": self.fuser}
        self.pipeline = Pipeline(cores, self.pipeline._loop, lambda request: None)

    def chunk(self, **changes):
        said = super().chunk(**changes)
        embedding = self.rng.normal(size=6)
        now_ns = at(self.seconds).ros_ns
        self.tell(PolicyFeatures(1, self.episode, self.sequence, now_ns, embedding))
        return said

    def success(self, done):
        self.noted.write("/success", make(BOOL, {"data": done}), at(self.seconds))

    def play(self, number):
        self.success(False)
        self.episode, self.asks = number + 1, True
        self.instruct(TEXTS[number % 2])
        self.run(self.seconds + 0.7)
        self.chunk(observation_stamp_ns=at(self.seconds - 5.0).ros_ns)
        if number == HELD:
            self.tell(FailureRisk(at(self.seconds).ros_ns, 1, RiskLevel.ALARM, 2.0, 1.0, (), ()))
            assert self.noted.guard.mode == Mode.HOLD
            self.run(self.seconds + 1.0)
            assert self.noted.guard.mode == Mode.ACTIVE
        self.run(self.seconds + 0.5)
        self.success(number != FAILED)
        heard = self.noted.recorder.take()[-1]
        self.run(self.seconds + 0.4)  # it waits for the next task
        self.success(number != FAILED)
        self.noted.recorder.take()
        return heard


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder, and the episodes as the guard's own recorder has them."""
    folder = tmp_path_factory.mktemp("runs")
    made = Run(folder)
    made.asks = False
    made.run(0.3)
    episodes = [made.play(number) for number in range(EPISODES)]
    made.noted.close()
    assert {v.reason for v in made.of(Verdict) if not v.plan_digest} == {"freshness"}
    assert sum(v.decision == Decision.ALLOW for v in made.of(Verdict)) > 5 * EPISODES
    return folder, episodes


def assert_same(found, heard):
    """As JSON: NaN equals NaN."""
    assert json.dumps(found.record()) == json.dumps(heard.record())


def test_a_recording_holds_the_episodes_that_succeeded_as_the_guard_heard_them(runs):
    folder, heard = runs
    found = episodes_of(folder / "run", ROBOT)
    del (succeeded := list(heard))[FAILED]
    assert len(found) == len(succeeded)
    for one, other in zip(found, succeeded, strict=True):
        assert_same(one, other)
    assert {episode.instruction for episode in found} == set(TEXTS)
    assert all(len(e.turns) > 3 and len(e.embeddings) > 3 for e in found)
    assert all(len(episode.uncertainties) for episode in found)


def test_a_journal_holds_them_all(runs):
    folder, heard = runs
    found = episodes_of(folder / "guard.jsonl", ROBOT)
    assert len(found) == EPISODES
    for one, other in zip(found, heard, strict=True):
        # What followed the success is in it: nobody tells a journal of success.
        assert len(one.turns) > len(other.turns)
        begun = {name: value[: len(getattr(other, name))] for name, value in arrays(one)}
        assert_same(replace(one, turns=one.turns[: len(other.turns)], **begun), other)


def arrays(episode):
    return [(name, getattr(episode, name)) for name in ARRAYS]


def test_a_guard_takes_what_the_command_makes_of_it(runs, tmp_path, monkeypatch):
    folder, _ = runs
    monkeypatch.setattr("aura_ros.robot.load.load_robot", lambda *_, **__: ROBOT)
    out = tmp_path / "guard.json"
    words = ["calibrate", "--guard", folder / "run", "--robot", "toy", "--out", out]
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code == 0, said.output
    assert "turns) set the limits of session_risk" in " ".join(said.output.split())
    assert "uncertainty" in said.output
    assert "without sensitivity: too few" in " ".join(said.output.split())  # nobody shows a flow
    assert "998 episodes are needed for that" in " ".join(said.output.split())
    made = calibration.load(out, ROBOT)
    assert made.text() == calibrate_guard([folder / "run"], ROBOT, 0.002).text()
    assert "`aura calibrate --guard`" in calibration.REMEDY


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.jsonl", "does not exist: the parameter journal"),
        ("broken.jsonl", "is no journal of a node"),
        ("fuser.jsonl", "give the journal of the guard's node"),
        ("nowhere", "does not exist"),
    ],
)
def test_what_is_no_run_is_named(name, words, tmp_path):
    (tmp_path / "broken.jsonl").write_text("[1, 2]\n")
    journal = Journal(tmp_path / "fuser.jsonl")
    journal.append(False, at(0.0), Instruction("push"))
    journal.close()
    with pytest.raises(ValueError, match=words) as raised:
        episodes_of(tmp_path / name, ROBOT)
    assert name in str(raised.value)


def test_a_recording_without_the_chain_is_named(tmp_path):
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topic = writer.add_connection("/success", BOOL, typestore=typestore())
        data = typestore().serialize_cdr(make(BOOL, {"data": True}), BOOL)
        writer.write(topic, 1, data)
    with pytest.raises(CalibrationError, match="/chunk, /proposed_plan, /verdict"):
        episodes_of(tmp_path / "bag", ROBOT)


def test_too_few_episodes_are_said_to_be_too_few(runs):
    needed = f"at least {FEWEST} are needed, and 998 for a false-alarm rate of 0.002: record more"
    with pytest.raises(CalibrationError, match=rf"^0 .*{needed} .*no runs were given"):
        calibrate_guard([], ROBOT, 0.002)
    run = runs[0] / "short.jsonl"
    lines = (runs[0] / "guard.jsonl").read_text().splitlines(keepends=True)
    run.write_text("".join(lines[: len(lines) // 2]))
    with pytest.raises(CalibrationError, match=rf"^[1-7] episodes.*{needed}.*: [1-7] in {run}"):
        calibrate_guard([run], ROBOT, 0.002)


def test_runs_of_another_robot_are_named(runs):
    words = r"guard.jsonl: a chunk moves joint_0, joint_1, finger; toy has joint_0, finger: give"
    with pytest.raises(CalibrationError, match=words):
        calibrate_guard([runs[0] / "guard.jsonl"], toy(2), 0.002)


def test_a_configuration_that_changed_since_is_told(runs, tmp_path):
    """Limits may have been others; that they were, nobody knows."""
    said = []
    calibrate_guard([runs[0] / "guard.jsonl"], ROBOT, 0.002, said.append)
    assert said == []  # these chunks do not say it
    saying = tmp_path / "saying.jsonl"
    text = (runs[0] / "guard.jsonl").read_text()
    saying.write_text(text.replace('"configuration": ""', '"configuration": "other"'))
    episodes_of(saying, ROBOT, said.append)
    assert len(said) == 1
    assert str(saying) in said[0]
    assert "record again" in said[0]


def test_what_runs_lack_is_named_with_what_they_would_have_to_show(runs):
    made = calibrate_guard([runs[0] / "run"], ROBOT, 0.05)
    first, *more = summary(made)
    assert first.startswith(f"{EPISODES - 1} episodes ({made.turns} turns) set the limits of ")
    assert "embedding" in first
    assert more[0].startswith("without instruction: too few episodes show three different")
    assert more[1].endswith("a policy with a flow, its node's parameter `sensitivity` true")
    assert more[2].startswith("false alarms an episode are at most 0.")
    assert more[2].endswith("not 0.05: 38 episodes are needed for that")
    enough = replace(made, session_risk=replace(made.session_risk, holds=0.05))
    assert len([*summary(enough)]) == 3
