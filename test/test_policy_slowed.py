"""A demo policy that is slower answers the same."""

import time

import demo_tensors
import numpy as np
from chain_values import toy
from test_policy_demo import CAMERAS, request

from aura_ros.policy.backend import FlowField, Sampler, declared_of
from aura_ros.policy.demo import DemoBackend
from aura_ros.policy.slowed import Slowed

ROBOT = toy(cameras=CAMERAS)


def test_answers_are_the_same_but_later():
    fast = DemoBackend(demo_tensors.tensors(), demo_tensors.metadata(ROBOT), ROBOT)
    slow = Slowed(fast, 0.05)
    asked = request()
    embedding = slow.encode(asked.observation)
    began = time.monotonic()
    rows = slow.act(asked, embedding)
    assert time.monotonic() - began >= 0.05
    assert np.array_equal(rows, fast.act(asked, fast.encode(asked.observation)))


def test_it_offers_what_the_policy_offers():
    fast = DemoBackend(demo_tensors.tensors(), demo_tensors.metadata(ROBOT), ROBOT)
    slow = Slowed(fast, 0.0)
    asked = request()
    embedding = fast.encode(asked.observation)
    assert isinstance(slow, Sampler)
    assert isinstance(slow, FlowField)
    assert declared_of(slow) == declared_of(fast)
    rows = fast.act(asked, embedding)
    assert np.array_equal(slow.sample(asked, embedding, 3), fast.sample(asked, embedding, 3))
    there = slow.velocity(asked, embedding, rows, 0.5)
    assert np.array_equal(there, fast.velocity(asked, embedding, rows, 0.5))
