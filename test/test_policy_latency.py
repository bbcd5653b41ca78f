"""The latency estimate: a windowed percentile that leaves out the first answer."""

import numpy as np

from aura_ros.policy.latency import WINDOW, LatencyEstimate


def test_the_first_answer_includes_loading_and_is_left_out():
    estimate = LatencyEstimate(200)
    assert estimate.p95_ns == 200
    estimate.add(30_000)
    assert estimate.p95_ns == 200
    estimate.add(100)
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
