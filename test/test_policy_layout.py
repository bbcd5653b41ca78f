"""Layouts as text: what can be written, and what is said about what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_ros.policy.layout import (
    COLUMNS,
    FRAMES,
    POSES,
    LayoutError,
    Part,
    parse,
    text_of,
)

LIBERO = (
    "arm: pose_delta euler sxyz position_scale 0.05 rotation_scale 0.5; "
    "gripper: absolute opened -1 closed 1"
)
NAMES = st.sampled_from(["arm", "left_arm", "gripper"])
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
ENDS = st.none() | NUMBERS
TURNS = st.sampled_from(
    [("quaternion", ""), ("rotation_vector", ""), ("6d", ""), ("euler", "rzyx"), ("euler", "sxyz")]
)
column_parts = st.builds(
    Part, NAMES, st.sampled_from(COLUMNS), scale=NUMBERS, offset=NUMBERS, lower=ENDS, closed=ENDS
)
pose_parts = st.builds(
    lambda group, kind, turn, *options: Part(
        group,
        kind,
        *turn,
        **dict(zip(("position_scale", "frame", "tip_link"), options, strict=True)),
    ),
    NAMES,
    st.sampled_from(POSES),
    TURNS,
    NUMBERS,
    st.sampled_from(FRAMES),
    st.sampled_from(["", "tool0"]),
)


def test_parts_are_read_in_order():
    assert parse(LIBERO) == (
        Part("arm", "pose_delta", "euler", "sxyz", position_scale=0.05, rotation_scale=0.5),
        Part("gripper", "absolute", opened=-1.0, closed=1.0),
    )


def test_an_empty_text_has_no_parts():
    assert parse("") == parse(" ; ") == ()


@given(st.lists(column_parts | pose_parts, max_size=3).map(tuple))
def test_a_text_is_read_back_as_it_was(parts):
    assert parse(text_of(parts)) == parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("arm", "write GROUP: REPRESENTATION"),
        ("arm:", "write GROUP: REPRESENTATION"),
        ("arm: pose_dleta euler sxyz", "no representation 'pose_dleta', did you mean 'pose_delta'"),
        ("arm: pose", "'' is no rotation; a pose needs one of quaternion, rotation_vector, 6d"),
        ("arm: pose matrix", "'matrix' is no rotation"),
        ("arm: pose euler", "Euler angles need their axes, such as euler sxyz"),
        ("arm: absolute scales 2", "no option 'scales', did you mean 'scale'"),
        ("arm: absolute scale", "option scale has no value"),
        ("arm: absolute scale 2 scale 3", "option scale is given twice"),
        ("arm: absolute scale two", "option scale is 'two'; a number is needed"),
        ("arm: absolute scale nan", "option scale is 'nan'; a number is needed"),
    ],
)
def test_what_cannot_be_meant_is_named(text, words):
    with pytest.raises(LayoutError) as error:
        parse(f"gripper: absolute; {text}")
    assert str(error.value).startswith(f"'{text}': ")
    assert words in str(error.value)
