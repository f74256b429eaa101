"""A review that is killed at any moment loses at most the act in flight."""

from __future__ import annotations

import importlib.util
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from LungCAD.review import Review

SCRIPT = Path(__file__).with_name("reading.py")
ROOT = Path(__file__).resolve().parents[3]
ACTS, SEED = 5000, 7


@pytest.fixture(scope="module")
def reading():
    spec = importlib.util.spec_from_file_location("reading", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_until_killed(folder, start, seconds):
    """Let the reader go on from act `start`, kill it some time after its first act; returns its last."""
    words = [sys.executable, str(SCRIPT), str(folder), str(SEED), str(start), str(ACTS)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        lines = [first, *process.stdout]
        assert process.wait() == -signal.SIGKILL
    return int([line for line in lines if line.endswith("\n")][-1])


def acts_of(review):
    return [(each.kind, each.slice, each.decision, each.mask, each.text) for each in review.entries]


def kill_again_and_again(folder, reading, kills):
    rng = random.Random(SEED)
    plan = folder / "plan"
    expected, acts = None, 0
    for _ in range(kills):
        said = read_until_killed(folder / "review", acts, rng.uniform(0, 0.05))
        survived = Review.resume(folder / "review", "AB")
        done = len(survived.entries)
        assert said <= done <= said + 1, "what was reported done is there, and at most one more act"
        while acts < done:
            expected = reading.act(plan, expected, SEED, acts)
            acts += 1
        assert survived.state.masks.digest == expected.state.masks.digest
        assert np.array_equal(survived.state.masks.labels, expected.state.masks.labels)
        assert np.array_equal(survived.state.masks.provenance, expected.state.masks.provenance)
        assert acts_of(survived) == acts_of(expected)


def test_a_few_kills(tmp_path, reading):
    kill_again_and_again(tmp_path, reading, kills=8)


@pytest.mark.slow
def test_fifty_kills(tmp_path, reading):
    kill_again_and_again(tmp_path, reading, kills=50)
