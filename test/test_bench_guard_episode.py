"""Whole episodes on the embedded robot, and the benchmark from calibration to figures."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the embedded robot needs mujoco")
pytest.importorskip("safetensors", reason="the policy's file needs safetensors")

from aura_ros.bench.guard import episode, rules
from aura_ros.bench.guard import measure as bench
from aura_ros.bench.guard.arms import Arm, ours
from aura_ros.bench.guard.calibrate import calibrated
from aura_ros.bench.guard.episode import play, run_job, scene_of
from aura_ros.bench.guard.experiment import (
    DEVELOPMENT_SEED,
    MIDDLE,
    NO_GATE,
    NONE,
    OURS,
    Conditions,
    Design,
    Job,
    is_told_anew,
    version,
)  # fmt: skip
from aura_ros.bench.guard.measure import Plan
from aura_ros.bench.guard.run import ABSORBED, CAUGHT, MISSED
from aura_ros.bench.registry import BenchOptions
from aura_ros.guard.risk.recorder import Recorder
from aura_ros.sim import gl
from aura_ros.sim.tasks import TASKS

pytestmark = pytest.mark.skipif(not gl.backends(), reason=f"no OpenGL here: {gl.REMEDY}")

PLAIN = Conditions(rules.artifact())
JOB = Job(OURS, "nan", MIDDLE, "reach", DEVELOPMENT_SEED)


def test_an_episode_is_the_same_every_time():
    first = run_job(JOB, PLAIN)
    assert first.came_to == CAUGHT
    assert first.by == "schema"
    run_job(replace(JOB, seed=DEVELOPMENT_SEED + 1), PLAIN)
    assert run_job(JOB, PLAIN) == first


def test_the_same_fault_begins_at_the_same_time_behind_every_arm():
    ungated = run_job(replace(JOB, arm=NO_GATE), PLAIN)
    assert ungated.came_to == ABSORBED
    assert ungated.began_s == run_job(JOB, PLAIN).began_s


def test_who_enters_the_box_does_harm():
    ungated = run_job(replace(JOB, arm=NO_GATE, fault="keep_out"), PLAIN)
    assert ungated.came_to == MISSED
    assert ungated.harm == "keep_out"
    assert ungated.harm_s > ungated.began_s + 1.0


def test_a_guard_that_knows_the_box_stops_before_it(tmp_path):
    pytest.importorskip("pinocchio", reason="distances need pin")
    file = rules.write(tmp_path / "rules.yaml")
    run = run_job(replace(JOB, fault="keep_out"), replace(PLAIN, rules=str(file)))
    assert (run.came_to, run.by) == (CAUGHT, "workspace")


def test_nominal_episodes_end_with_the_task_and_begin_no_fault():
    run = run_job(replace(JOB, fault=NONE), PLAIN)
    assert run.began_s is None
    assert run.done_s is not None
    assert run.blocks == 0
    assert run.actions > 5


def test_every_fifth_nominal_episode_is_told_anew_and_done_with_the_other_object():
    job = replace(JOB, fault=NONE, seed=DEVELOPMENT_SEED + 4)
    assert [is_told_anew(replace(job, seed=seed)) for seed in range(5)] == [False] * 4 + [True]
    assert not is_told_anew(replace(job, fault="nan"))
    scene = scene_of("reach")
    for arm in (OURS, NO_GATE):
        run = run_job(replace(job, arm=arm), PLAIN)
        assert run.done_s is not None
        assert (run.blocks, run.misled) == (0, False)
        first, _ = TASKS["reach"].instructions
        assert scene.instruction != first  # which an even seed asks for


def starts(job):
    """How far the rows of every turn of evidence begin from the motion, over the joints."""
    recorder = Recorder(scene_of(job.task).robot)
    arm = Arm(ours(scene_of(job.task).robot, PLAIN, recorder), authentic=True)
    play(job, PLAIN, arm)
    episodes = recorder.take()
    assert len({episode.instruction for episode in episodes}) == 2
    return np.array([np.abs(turn.start).max() for e in episodes for turn in e.turns])


@pytest.mark.parametrize("task", ["reach", "pick_place"])
def test_a_new_instruction_in_mid_motion_is_no_deviation(task):
    # The hand is open: what it does is dropped, and the policy is asked after that.
    job = replace(JOB, fault=NONE, seed=DEVELOPMENT_SEED + 29, task=task)
    found = starts(job)
    assert np.isfinite(found).all()
    assert found.max() < 1e-6


@pytest.mark.slow
def test_new_instructions_ask_nobody_and_a_bias_from_the_beginning_does(tmp_path, monkeypatch):
    conditions = calibrated(PLAIN, tmp_path, 10, str, workers=0)
    for task in TASKS:
        for seed in (19, 29, 39):
            job = Job(OURS, NONE, 0, task, DEVELOPMENT_SEED + seed)
            assert is_told_anew(job)
            run = run_job(job, conditions)
            # Rows that begin on motion that was dropped may be refused, and the way between the
            # objects may lead by the box; nobody is asked, which would end the motion.
            assert run.first_block in ("", "row_start", "workspace")
            assert run.done_s is not None
    monkeypatch.setattr(episode, "ONSET_S", (0.0, 0.0))
    for task in TASKS:
        run = run_job(Job(OURS, "bias_drift", MIDDLE, task, DEVELOPMENT_SEED), conditions)
        assert (run.came_to, run.by) == (CAUGHT, "session_risk")
        assert run.began_s < 0.5


def test_a_fault_that_passes_lets_the_task_be_done():
    run = run_job(replace(JOB, fault="spike", passing=True), PLAIN)
    assert run.caught_s is not None
    assert run.moved_again
    assert run.done_s is not None


def test_the_scene_begins_anew():
    scene = scene_of("reach")
    scene.reset(DEVELOPMENT_SEED)
    assert np.isinf(scene.distance(0).metres)
    scene.person = scene.tool[:2] + np.array([1.0, 0.0])
    scene.push(np.array([0.0, 0.0, 50.0]))
    scene.step(scene.rest)
    scene.look()
    assert 0.3 < scene.distance(0).metres < 1.0
    assert np.linalg.norm(scene.wrench(0).force) > 40
    scene.reset(DEVELOPMENT_SEED)
    assert np.isinf(scene.distance(0).metres)
    assert np.linalg.norm(scene.wrench(0).force) < 3


def test_versions_name_rules_and_calibration(tmp_path):
    file = rules.write(tmp_path / "rules.yaml")
    with_rules = replace(PLAIN, rules=str(file))
    first = version(with_rules)
    assert first != version(PLAIN)
    assert first != version(replace(with_rules, latency_ms=300))
    assert first == version(with_rules)


@pytest.mark.slow
def test_an_interrupted_benchmark_goes_on_and_gives_the_same(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    seed = DEVELOPMENT_SEED
    one, classes = (seed,), ("nan", "torque")
    design = Design(one, one, one, one, classes, (NO_GATE, OURS), ("reach",), (MIDDLE,))
    monkeypatch.setattr(bench, "measured", lambda *options: {"latency_p99_ms": 0.5})
    options = BenchOptions(tmp_path, True, str)
    plan = Plan(design, calibration=2)
    first = bench.measure(plan, PLAIN, options, workers=0)
    assert first["episodes"] == len(design.jobs()) == 8
    assert first["caught_nan"] == first["caught_torque"] == 1.0
    assert first["latency_p99_ms"] == 0.5
    assert {"moves_again_nan", "success_delta_points_low"} <= set(first)
    out = tmp_path / "guard"
    episodes = out / "episodes.jsonl"
    episodes.write_text("".join(f"{line}\n" for line in episodes.read_text().splitlines()[:-2]))
    runs, real = [], run_job
    monkeypatch.setattr(bench, "run_job", lambda *job: runs.append(job) or real(*job))
    assert bench.measure(plan, PLAIN, options, workers=0) == first
    assert len(runs) == 2
    written = {path.name for path in out.iterdir()}
    assert {"cells.json", "table.txt", "guard.png", "calibration.json", "rules.yaml"} <= written
