"""The latency estimate: a windowed percentile that leaves out the first answer."""

import numpy as np
import pytest

from aura_ros.policy.latency import LOADING_NS, WINDOW, LatencyEstimate, gap_free_ns, too_slow


def test_the_first_answer_includes_loading_and_counts_until_the_second():
    estimate = LatencyEstimate(200)
    assert estimate.p95_ns == 200
    estimate.add(30_000)
    assert estimate.p95_ns == 30_000
    estimate.add(100)
    assert estimate.p95_ns == 100


def test_a_first_answer_that_was_loading_counts_never():
    estimate = LatencyEstimate(200)
    estimate.add(LOADING_NS + 1)
    assert estimate.p95_ns == 200


def test_one_late_answer_among_few_is_not_the_estimate():
    estimate = LatencyEstimate(0)
    for latency in [1, 100, 100, 5000, 100]:
        estimate.add(latency)
    assert estimate.p95_ns == 100


def test_it_is_the_95th_percentile_of_the_window():
    estimate = LatencyEstimate(0)
    for latency in range(101):
        estimate.add(latency)
    expected = np.percentile(np.arange(101 - WINDOW, 101), 95)
    assert estimate.p95_ns == int(expected)


def test_a_slow_time_is_forgotten():
    estimate = LatencyEstimate(0)
    for latency in [1, 5000, *[100] * WINDOW]:
        estimate.add(latency)
    assert estimate.p95_ns == 100


@pytest.mark.parametrize(("in_flight", "share"), [(1, 1 / 2), (2, 2 / 3), (4, 4 / 5)])
def test_rows_from_the_capture_stamp_bridge_a_share_of_a_chunk(in_flight, share):
    rows_ns = 60_000_000
    latency_ns = gap_free_ns(rows_ns, in_flight, is_ahead=False)
    assert latency_ns == rows_ns * share
    # A chunk is used from its arrival until the next one, a part of the latency later.
    assert latency_ns + latency_ns / in_flight == rows_ns


def test_rows_from_the_time_of_execution_bridge_whole_chunks():
    assert gap_free_ns(60, 3, is_ahead=True) == 180


def test_a_latency_that_leaves_gaps_is_said():
    assert too_slow(400_000_000, 800_000_000, 1, is_ahead=False) == ""
    words = too_slow(410_000_000, 800_000_000, 1, is_ahead=False)
    assert words.startswith("answers take 0.41 s; with in_flight 1")
    assert "up to 0.40 s" in words
