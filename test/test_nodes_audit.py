"""A live chain that is audited and tagged: written before it moves, held where it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy")

from audit_logs import kinds_of, lines_of
from live_chain import ROBOT, Chain, FakeRobot, Watch, init, moving
from ros_graph import Probe
from std_srvs.srv import SetBool, Trigger

from aura_ros.audit.chain import parse, signature
from aura_ros.audit.verify import verify
from aura_ros.conversions import from_message, to_message
from aura_ros.nodes.messages import make
from aura_ros.nodes.run import MISCONFIGURED
from aura_ros.nodes.topics import RELIABLE
from aura_ros.types import ActionChunk, AuditHead, Decision, Mode

KEY = bytes(range(32))


def key_file(folder, content=KEY):
    file = folder / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    return file


class Live:
    """A chain with audit log and key, its robot, and what it published."""

    def __init__(self, folder, namespace):
        self.folder, self.name = folder / "audit", f"{namespace.strip('/')}_guard"
        key = str(key_file(folder))
        guard = {"audit": str(self.folder), "audit_key": key, "audit_size": 0.05}
        self.probe = Probe(namespace=namespace)
        self.leases = self.probe.hear("lease", "aura_ros/msg/Lease")
        self.verdicts = self.probe.hear("verdict", "aura_ros/msg/Verdict")
        self.chunks = self.probe.hear("chunk", "aura_ros/msg/ActionChunk")
        self.heads = self.probe.hear("audit_head", "aura_ros/msg/AuditHead")
        self.chain = Chain(namespace, all={"key": key}, guard=guard)
        self.robot, self.watch = FakeRobot(self.probe), Watch(self.probe)
        self.guard = self.chain.nodes["guard"]

    def mode(self, mode, why):
        self.probe.until(lambda: self.watch.mode == mode, why)

    def records(self):
        return [parse(line) for line in lines_of(self.folder, self.name)]


@pytest.fixture
def live(tmp_path, request):
    init()
    made = Live(tmp_path, f"/{request.node.name.split('[')[0][5:35]}")
    with made.chain, made.probe:
        yield made


def test_what_moved_is_in_the_log_and_its_heads_prove_it(live):
    moving(live.robot, live.probe)
    live.probe.until(lambda: len(live.heads) >= 3, "three heads")
    allowed = {m.plan_digest for _, m in live.verdicts if m.decision == Decision.ALLOW}
    written = {
        r.value["plan_digest"]
        for r in live.records()
        if r.kind == "Verdict" and r.value["decision"] == "ALLOW"
    }
    assert allowed
    assert allowed <= written
    arrivals = [at for at, _ in live.heads]
    assert 0.5 < arrivals[-1] - arrivals[-2] < 1.5
    live.chain.__exit__()
    heads = [from_message(AuditHead, message) for _, message in live.heads]
    assert all(head.signature == signature(head, KEY) for head in heads)
    (report,) = verify(live.folder, heads, KEY)
    assert report.finding is None
    assert report.proven == heads[-1].records
    kinds = kinds_of(live.folder, live.name)
    assert kinds[:2] == ["File", "Started"]
    assert kinds[-1] == "Stopped"
    assert {"Verdict", "Lease", "Renewed", "Mode"} <= set(kinds)
    modes = [r.value["mode"] for r in live.records() if r.kind == "Mode"]
    assert modes[-1] == "DISARMED"
    assert "ACTIVE" in modes
    started = live.records()[1].value
    assert started["rules"] == next(r for r in live.records() if r.kind == "Verdict").value["rules"]


def test_a_person_is_on_record(live):
    moving(live.robot, live.probe)
    live.probe.call("guard/arm", SetBool, data=False)
    live.probe.call("guard/reset", Trigger)
    kinds = [record.kind for record in live.records()]
    assert kinds.count("Arm") == kinds.count("Reset") == 1


def test_a_full_disk_holds_until_there_is_room(live):
    """The log's file becomes one on a full disk, and no other can be begun."""
    moving(live.robot, live.probe)
    away = live.folder.with_name("away")
    device = os.open("/dev/full", os.O_WRONLY)
    live.folder.rename(away)
    live.folder.write_text("no directory")
    os.dup2(device, live.guard._audit._log._file)
    began = time.monotonic()
    live.mode(Mode.HOLD, "held")
    held = next(at for at, m in live.leases if at > began and not m.granted)
    assert held - began < 2.0
    live.probe.until(lambda: live.robot.moved[-1][0] > held + 1.0, "time passes")
    assert live.robot.speed == 0
    # Not one permission came out that was not written.
    assert not [m for at, m in live.leases if at > held and m.granted]
    lines = lines_of(away, live.name)
    written = b"".join(lines).decode()
    digests = [m.plan_digest for _, m in live.verdicts if m.decision == Decision.ALLOW]
    assert all(digest in written for digest in digests)
    assert "audit log" in live.guard._reason
    live.folder.unlink()
    away.rename(live.folder)
    os.close(device)
    moving(live.robot, live.probe, "it goes on by itself")
    first = [r for r in live.records() if r.kind == "File"][-1]
    assert first.value["lost"] > 0
    assert "No space left" in first.value["fault"]
    live.chain.__exit__()
    assert verify(live.folder)[0].finding is None


def test_a_slow_disk_holds_while_it_is_slow(live, monkeypatch):
    moving(live.robot, live.probe)
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (time.sleep(1.0), real(file)))
    live.mode(Mode.HOLD, "held")
    assert "the disk has not taken a record" in live.guard._reason
    monkeypatch.undo()
    moving(live.robot, live.probe, "it goes on")


def test_a_forged_chunk_stops_the_robot_for_a_person(live):
    moving(live.robot, live.probe)
    publisher = live.probe.publisher("chunk", "aura_ros/msg/ActionChunk", RELIABLE)
    live.probe.until(publisher.get_subscription_count, "the chain listens")
    message = to_message(from_message(ActionChunk, live.chunks[-1][1]), make)
    assert message.tag == ""
    publisher.publish(message)
    live.mode(Mode.STOP_LATCHED, "stopped")
    assert "no tag" in live.guard._reason
    said = live.watch.said
    words = "chunk: the message has no tag"
    name = f"{live.guard.get_namespace()}/fuser"
    live.probe.until(lambda: any(words in text for _, text, _ in said(name)), "the fuser says so")
    live.probe.until(
        lambda: any(r.kind == "Tampered" and r.value["topic"] == "chunk" for r in live.records()),
        "on record",
    )
    live.probe.until(lambda: live.robot.speed == 0, "at rest")


def test_without_a_key_changed_content_stops_the_robot_too():
    init()
    with Chain("/changed") as chain, Probe(namespace="/changed") as probe:
        chunks = probe.hear("chunk", "aura_ros/msg/ActionChunk")
        robot, watch = FakeRobot(probe), Watch(probe)
        moving(robot, probe)
        publisher = probe.publisher("chunk", "aura_ros/msg/ActionChunk", RELIABLE)
        probe.until(publisher.get_subscription_count, "the chain listens")
        message = chunks[-1][1]
        message.rows[5] += 0.1
        publisher.publish(message)
        probe.until(lambda: watch.mode == Mode.STOP_LATCHED, "stopped")
        assert "does not match its digest" in chain.nodes["guard"]._reason


def started(*arguments):
    """Exit status and output of a guard that cannot start."""
    given = [x for a in (f"robot:={ROBOT}", *arguments) for x in ("-p", a)]
    command = [sys.executable, "-m", "aura_ros.nodes.guard", "--ros-args", *given]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_wrong_audit_or_key_ends_the_guard(tmp_path):
    short = key_file(tmp_path, b"short")
    for argument, words in (
        ("audit:=/dev/null/here", "parameter audit is /dev/null/here"),
        (f"key:={short}", "at least 32 are needed"),
        (f"audit_key:={tmp_path / 'none'}", "cannot be read"),
    ):
        status, said = started(argument)
        assert status == MISCONFIGURED, said
        assert words in said
        assert "Traceback" not in said
