"""Episodes of training: what is noted is what happened, and the same job gives the same file."""

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="training needs the simulator")
pytest.importorskip("safetensors")

from aura_ros.robot.load import load_robot
from aura_ros.sim.gl import RenderingUnavailableError
from aura_ros.sim.model import HOME
from aura_ros.train import data
from aura_ros.train.episode import Curve, Episode, Pace
from aura_ros.train.labels import Recorder
from aura_ros.train.scenes import ASSIGNMENTS, IMAGE_SIZE, EmbeddedStage
from aura_ros.types import digest_of

ROBOT = load_robot("embedded_panda")
REACH = next(a for a in ASSIGNMENTS if a.task == "reach")


@pytest.fixture
def stage():
    try:
        made = EmbeddedStage(ROBOT, REACH, IMAGE_SIZE)
    except RenderingUnavailableError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def recorded(stage, seed=5, limit_s=3.0, **pace):
    rng = np.random.default_rng(seed)
    recorder = Recorder(ROBOT, stage, 0, 3, rng)
    stage.begin(seed)
    times = []

    def see(view):
        times.append(view.time_s)
        recorder.see(view)

    done = Episode(stage, Pace(limit_s=limit_s, **pace), recorder.shaken, see).run()
    return recorder.arrays(), times, done


def test_labels_begin_at_the_told_states_and_move_on_with_their_velocity(stage):
    arrays, _, _ = recorded(stage)
    np.testing.assert_allclose(arrays["rows"][:, :, 0], arrays["position"], atol=1e-6)
    steps = (arrays["rows"][:, :, 1] - arrays["rows"][:, :, 0]) / 0.05
    # At most 4.8 rad/s^2 or 0.98 m/s^2, for 50 ms.
    assert np.abs(steps - arrays["velocity"]).max() < 0.25
    assert arrays["images"].shape[1:] == (2, IMAGE_SIZE, IMAGE_SIZE, 3)
    assert (arrays["ahead"][:, 0] == np.float32(Pace().latency_s)).all()
    assert np.ptp(arrays["ahead"][:, 1:]) > 0.1


def test_the_same_episode_is_noted_twice_alike(stage):
    first, second = recorded(stage)[0], recorded(stage)[0]
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)
    other = recorded(stage, seed=6)[0]
    assert not np.array_equal(other["layout"][0], first["layout"][0])


def test_a_calm_expert_succeeds_and_the_episode_ends_after_that(stage):
    stage.begin(3)
    recorder = Recorder(ROBOT, stage, 0, 1, np.random.default_rng(0))

    def act(view):
        return recorder.rows

    done = Episode(stage, Pace(), act, recorder.see).run()
    assert done is not None
    assert 1.0 < done < 10.0
    last = len(recorder.arrays()["measured"]) * Pace().observe_s
    assert done + Pace().after_s <= last < done + Pace().after_s + 0.6


def test_without_answers_the_robot_rests_and_the_task_is_not_done(stage):
    stage.begin(3)
    assert Episode(stage, Pace(limit_s=1.0), lambda view: None).run() is None
    assert np.abs(stage.world.joint_position - HOME).max() < 2e-3


@pytest.mark.parametrize("latency_s", [0.0, 0.1, 0.4])
def test_rows_are_executed_from_when_the_answer_is_due(stage, latency_s, monkeypatch):
    stage.begin(3)
    commands, step = [], stage.world.step
    monkeypatch.setattr(stage.world, "step", lambda target: (commands.append(target), step(target)))
    first, last = HOME + 0.02 * np.eye(8)[0], HOME + 0.2 * np.eye(8)[0]

    def act(view):
        return np.linspace(first, last, 32) if view.time_s == 0.0 else None

    Episode(stage, Pace(latency_s=latency_s, limit_s=2.5), act).run()
    begun = np.flatnonzero(np.abs(np.array(commands) - HOME).max(axis=1) > 1e-6)[0]
    assert begun == round(latency_s / stage.step_s)
    np.testing.assert_allclose(commands[-1], last)


def test_a_curve_goes_through_its_rows_and_rests_at_its_end():
    rng = np.random.default_rng(0)
    rows, velocity = rng.normal(size=(8, 3)), rng.normal(size=3)
    curve = Curve(1.0, rows, velocity, 0.05)
    np.testing.assert_allclose(curve.positions(1.0 + 0.05 * np.arange(8)), rows, atol=1e-12)
    np.testing.assert_allclose(curve.told(1.0)[1], velocity, atol=1e-9)
    for later in (1.35, 9.0):
        position, speed = curve.told(later)
        np.testing.assert_array_equal(position, rows[-1])
        assert not speed.any()


def test_every_instruction_has_its_files_and_pictures_of_several_sizes():
    jobs = [data.Job(0, number, 2) for number in range(40)]
    kinds = {(job.instruction, job.pixels) for job in jobs}
    assert len({which for which, _ in kinds}) == len(ASSIGNMENTS)
    assert {pixels for _, pixels in kinds} == {96, 192, 224}
    assert len({job.digest for job in jobs}) == len({job.name for job in jobs}) == 40


def test_another_learner_makes_another_file(tmp_path):
    job, other = data.Job(1, 0, 2, 0, "a", "one"), data.Job(1, 0, 2, 0, "a", "two")
    np.savez(tmp_path / job.name, digest=np.array(job.digest))
    assert data.is_made(tmp_path / job.name, job)
    assert not data.is_made(tmp_path / other.name, other)
    assert not data.is_made(tmp_path / "none.npz", job)


def test_files_of_two_suites_are_never_mistaken_but_older_ones_are_still_known():
    demo, other = data.Job(0, 3, 2), data.Job(0, 3, 2, suite="metaworld")
    assert demo.digest == digest_of(0, 3, 2, 0, "")
    assert other.digest != demo.digest


def test_stills_show_every_layout_once(stage):
    job = data.Job(0, 0, 2, stills=12)
    arrays = data.stills(ROBOT, stage, job)
    assert len(np.unique(arrays["layout"], axis=0)) == len(arrays["layout"])
    assert len(arrays["layout"]) >= 8
    assert np.ptp(arrays["measured"], axis=0)[:2].min() > 0.1
    of_episodes = {data.Job(0, 0, 2).seed(i) for i in range(8)}
    assert not of_episodes & {job.seed(i) for i in range(12)}


def test_a_layout_is_where_the_named_object_and_its_goal_are(stage):
    stage.begin(7)
    poses = stage.world.object_poses()
    pair = list(stage.world.task.pairs[REACH.target])
    found = stage.layout()
    places = found[:6].reshape(2, 3) * [0.07, 0.1, 0.1] + [0.5, 0.0, 0.1]
    np.testing.assert_allclose(places, poses[pair, :3], atol=1e-9)
    assert np.hypot(*found[6:]) == pytest.approx(1.0)
