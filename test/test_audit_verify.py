"""A log is what was written, or the first thing that is wrong with it is found and named."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from audit_logs import NAME, heads_of, lines_of, now, written
from typer.testing import CliRunner

from aura_ros.audit.chain import Link, head_of
from aura_ros.audit.command import run_verify
from aura_ros.audit.heads import BadHeadsError, read_heads, write_heads
from aura_ros.audit.verify import NoLogError, verify
from aura_ros.cli import app
from aura_ros.types import AuditHead

KEY = bytes(range(32))
EDITS = 1000
RECORDS = 30
# Records after the last published head.
AFTER = 4


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of several files, and lines of another one with the same name."""
    folder, other = (tmp_path_factory.mktemp(name) for name in ("log", "other"))
    heads = written(folder, RECORDS, 2500)
    written(other, RECORDS + 7, 2500, first=1)
    contents = {p.name: p.read_bytes() for p in sorted(folder.glob("*.log"))}
    foreign = lines_of(other)
    return contents, heads, foreign


def laid(folder, contents):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


# --- edits -------------------------------------------------------------------------------------
# Of the file's bytes that hold records up to the last published head, as lines with their ends.


def flip(lines, rng, foreign):
    index = rng.integers(len(lines))
    line = bytearray(lines[index])
    line[rng.integers(len(line))] ^= 1 << rng.integers(8)
    lines[index] = bytes(line)


def overwrite(lines, rng, foreign):
    index = rng.integers(len(lines))
    line = bytearray(lines[index])
    at = rng.integers(len(line))
    line[at : at + 8] = rng.bytes(rng.integers(1, 9))
    lines[index] = bytes(line)


def rename(lines, rng, foreign):
    index = rng.integers(len(lines))
    old, new = [(b"ALLOW", b"STOP"), (b'"passed":true', b'"passed":false'), (b"1", b"2")][
        rng.integers(3)
    ]
    lines[index] = lines[index].replace(old, new, 1)


def delete(lines, rng, foreign):
    first = rng.integers(len(lines))
    del lines[first : first + rng.integers(1, 4)]


def insert(lines, rng, foreign):
    made = [b"\n", rng.bytes(40).replace(b"\n", b"") + b"\n", foreign[rng.integers(len(foreign))]]
    lines.insert(rng.integers(len(lines) + 1), made[rng.integers(3)])


def duplicate(lines, rng, foreign):
    lines.insert(rng.integers(len(lines) + 1), lines[rng.integers(len(lines))])


def swap(lines, rng, foreign):
    a, b = rng.integers(len(lines), size=2)
    lines[a], lines[b] = lines[b], lines[a]


def shuffle(lines, rng, foreign):
    first = rng.integers(len(lines))
    some = lines[first : first + 5]
    lines[first : first + 5] = [some[i] for i in rng.permutation(len(some))]


def truncate(lines, rng, foreign):
    content = b"".join(lines)
    lines[:] = [content[: rng.integers(len(content))]]


def splice(lines, rng, foreign):
    first = rng.integers(len(lines))
    lines[first:] = foreign[first : len(lines)]


def splice_one(lines, rng, foreign):
    index = rng.integers(len(lines))
    lines[index] = foreign[index]


KINDS = (flip, overwrite, rename, delete, insert, duplicate, swap, shuffle, truncate, splice,
         splice_one)  # fmt: skip


def drop_file(contents, names, rng):
    del contents[names[rng.integers(len(names))]]


def swap_files(contents, names, rng):
    a, b = rng.choice(len(names), 2, replace=False)
    contents[names[a]], contents[names[b]] = contents[names[b]], contents[names[a]]


def empty_file(contents, names, rng):
    contents[names[rng.integers(len(names))]] = b""


def copy_file(contents, names, rng):
    contents[f"{NAME}.{len(contents) + 1:06d}.log"] = contents[names[rng.integers(len(names))]]


FILE_KINDS = (drop_file, swap_files, empty_file, copy_file)


def edited(contents, covered, foreign, rng):
    """The files after one edit in the bytes that a head covers."""
    after = dict(contents)
    if rng.random() < 0.1:
        FILE_KINDS[rng.integers(len(FILE_KINDS))](after, list(covered), rng)
        return after
    name = list(covered)[rng.integers(len(covered))]
    lines = contents[name][: covered[name]].splitlines(keepends=True)
    assert lines
    KINDS[rng.integers(len(KINDS))](lines, rng, foreign)
    after[name] = b"".join(lines) + contents[name][covered[name] :]
    return after


def covered_by(contents, records):
    """How many bytes of every file hold the first ``records`` records."""
    found = {}
    for name, content in contents.items():
        lines = content.splitlines(keepends=True)[:records]
        if lines:
            found[name] = len(b"".join(lines))
        records -= len(lines)
    return found


def test_every_one_of_1000_random_edits_before_the_last_head_is_found(log, tmp_path):
    contents, heads, foreign = log
    published = [head for head in heads[:-AFTER] if head.records % 6 == 0] + [heads[-AFTER - 1]]
    covered = covered_by(contents, published[-1].records)
    assert len(covered) > 3
    assert sum(map(len, contents.values())) > sum(covered.values())
    foreign = [line + b"\n" for line in foreign]
    rng, missed, tried, whats = np.random.default_rng(5), [], 0, set()
    while tried < EDITS:
        after = edited(contents, covered, foreign, rng)
        if after == contents:
            continue  # what was swapped with itself was not edited
        tried += 1
        (report,) = verify(laid(tmp_path / "edited", after), published)
        if report.finding is None:
            missed.append(after)
        else:
            whats.add(report.finding.what)
            assert report.finding.where
    assert not missed
    assert whats == {"changed", "dropped", "reordered", "cut"}


def test_the_untouched_log_verifies_up_to_the_last_head(log, tmp_path):
    contents, heads, _ = log
    folder = laid(tmp_path / "log", contents)
    (report,) = verify(folder, heads[:-AFTER])
    assert (report.finding, report.proven) == (None, heads[-AFTER - 1].records)
    assert report.records - report.proven == AFTER
    (report,) = verify(folder)
    assert (report.finding, report.proven) == (None, 0)


def test_what_is_cut_after_the_last_head_is_unproven_not_good(log, tmp_path):
    contents, heads, _ = log
    folder = laid(tmp_path / "log", contents)
    last = sorted(folder.glob("*.log"))[-1]
    last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:-1]))
    said = aura(folder, "--heads", json_of(tmp_path, heads[: -AFTER - 1]))
    assert said.exit_code == 0
    assert "no published head proves" in said.output
    said = aura(folder, "--heads", json_of(tmp_path, heads))
    assert said.exit_code == 1
    assert "cut: the log ends at record" in said.output


def test_a_chain_that_was_written_anew_is_found_by_its_heads_alone(log, tmp_path):
    """Who may write the log can write another one that hangs together."""
    _, heads, _ = log
    written(tmp_path, RECORDS + 5, 2500, first=1)
    assert verify(tmp_path)[0].finding is None
    (report,) = verify(tmp_path, heads[5:8])
    assert report.finding.what == "rewritten"
    assert verify(tmp_path, heads_of(tmp_path))[0].finding is None


def middle(contents):
    """Name, and lines with their ends, of a file in the middle."""
    name = sorted(contents)[1]
    return name, contents[name].splitlines(keepends=True)


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda lines: lines.__setitem__(2, lines[2].replace(b"schema", b"scheme")), "changed"),
        (lambda lines: lines.__setitem__(2, b"\n"), "changed"),
        (lambda lines: lines.__delitem__(2), "dropped"),
        (lambda lines: lines.insert(2, lines.pop(3)), "reordered"),
        (lambda lines: lines.insert(3, lines[1]), "reordered"),
    ],
    ids=["changed", "emptied", "dropped", "swapped", "repeated"],
)
def test_the_first_bad_line_is_named(log, tmp_path, edit, what):
    contents, _, _ = log
    name, lines = middle(contents)
    edit(lines)
    (report,) = verify(laid(tmp_path / "log", {**contents, name: b"".join(lines)}))
    at = 4 if what == "reordered" and lines.count(lines[3]) > 1 else 3
    assert report.finding.where == f"{name}, line {at}"
    assert report.finding.what == what


def test_a_file_alone_is_verified_from_the_head_it_names(log, tmp_path):
    contents, heads, _ = log
    folder = laid(tmp_path / "log", contents)
    name, lines = middle(contents)
    (report,) = verify(folder / name, heads[: len(heads) // 3])
    assert report.finding is None
    assert "nothing is said of those before" in report.notes[0]
    (folder / name).write_bytes(b"".join(lines[:1] + lines[2:]))
    (report,) = verify(folder / name)
    assert report.finding.what == "dropped"


def test_the_beginning_of_a_log_is_missed(log, tmp_path):
    contents, _, _ = log
    first = sorted(contents)[0]
    rest = {name: content for name, content in contents.items() if name != first}
    (report,) = verify(laid(tmp_path / "log", rest))
    assert report.finding.what == "dropped"


def test_two_logs_in_a_directory_are_verified_apart(tmp_path):
    heads = written(tmp_path, 5, name="left") + written(tmp_path, 3, name="right_arm.guard")
    reports = verify(tmp_path, heads)
    assert [report.log for report in reports] == ["left", "right_arm.guard"]
    assert all(r.finding is None and r.proven == r.records for r in reports)


def test_heads_of_another_log_prove_nothing(log, tmp_path):
    contents, _, _ = log
    (report,) = verify(laid(tmp_path / "log", contents), [AuditHead(0, "other", 3, "00" * 32)])
    assert "is it another's" in report.finding.words


@pytest.mark.parametrize("change", [{"records": 7}, {"head": "0" * 64}, {"signature": ""}])
def test_heads_are_believed_by_their_signature(log, tmp_path, change):
    contents, _, _ = log
    folder = laid(tmp_path / "log", contents)
    heads = heads_of(folder, key=KEY)[3:5]
    assert verify(folder, heads, KEY)[0].finding is None
    assert verify(folder, heads, bytes(32))[0].finding.what == "forged"
    forged = AuditHead(**{**vars(heads[0]), **change})
    assert verify(folder, [forged, heads[1]], KEY)[0].finding.what == "forged"


# --- the command -------------------------------------------------------------------------------


def aura(*words):
    return CliRunner().invoke(app, ["audit", "verify", *map(str, words)])


def json_of(folder, heads):
    write_heads(folder / "heads.jsonl", tuple(heads))
    return folder / "heads.jsonl"


def test_the_command_says_what_was_found(log, tmp_path):
    contents, heads, _ = log
    folder = laid(tmp_path / "log", contents)
    said = aura(folder, "--heads", json_of(tmp_path, heads))
    assert said.exit_code == 0
    assert f"{len(heads)} records are as published" in " ".join(said.output.split())
    name, lines = middle(contents)
    (folder / name).write_bytes(b"".join(lines[:2] + lines[3:]))
    said = aura(folder)
    assert said.exit_code == 1
    assert f"{name}, line 3: dropped" in " ".join(said.output.split())


def test_signatures_are_checked_with_a_key(log, tmp_path):
    contents, _, _ = log
    folder = laid(tmp_path / "log", contents)
    key = tmp_path / "key"
    key.write_bytes(KEY)
    key.chmod(0o600)
    heads = json_of(tmp_path, heads_of(folder, key=KEY))
    assert aura(folder, "--heads", heads, "--key", key).exit_code == 0
    assert aura(folder, "--key", key).exit_code == 2
    key.chmod(0o644)
    said = aura(folder, "--heads", heads, "--key", key)
    assert said.exit_code == 1
    assert "mode 0644" in said.output


@pytest.mark.parametrize("words", [("nowhere",), (".",), ("test/kinds.py",)])
def test_what_is_no_log_is_named(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = aura(*words)
    assert said.exit_code == 1
    assert "no audit log" in said.output


@pytest.mark.parametrize("content", ["", "{}\n", "[1]\n", "stamp: 3\n", '{"log": "guard"}\n'])
def test_what_holds_no_heads_is_named(tmp_path, content):
    file = tmp_path / "heads.jsonl"
    file.write_text(content)
    with pytest.raises(BadHeadsError, match=r"heads\.jsonl"):
        read_heads(file)


def test_a_missing_log_is_an_error(tmp_path):
    with pytest.raises(NoLogError, match="give the directory"):
        verify(tmp_path)


def test_heads_are_taken_out_of_a_recording(tmp_path):
    pytest.importorskip("rosbags")
    from rosbags.rosbag2 import StoragePlugin, Writer

    from aura_ros.conversions import to_message
    from aura_ros.replay.typestore import maker, typestore

    heads = tuple(head_of(Link(n, bytes([n] * 32)), NAME, now(n).ros_ns, KEY) for n in (3, 5))
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(
            "/audit_head", "aura_ros/msg/AuditHead", typestore=typestore()
        )
        for head in heads:
            data = typestore().serialize_cdr(to_message(head, maker()), connection.msgtype)
            writer.write(connection, head.stamp_ns, data)
    assert read_heads(tmp_path / "bag") == heads
    out = tmp_path / "heads.jsonl"
    words = ["audit", "heads", str(tmp_path / "bag"), "--out", str(out)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert read_heads(out) == heads
    assert json.loads(out.read_text().splitlines()[0])["records"] == 3


def test_an_emptied_log_does_not_pass_for_a_whole_one(tmp_path):
    (tmp_path / "g.000001.log").touch()
    said: list[str] = []
    assert not run_verify(tmp_path, None, None, said.append)
    assert said == ["g: holds no record: nothing is proven by it"]
