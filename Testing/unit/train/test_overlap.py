"""Patches of the same tissue are recognised by their pixels."""

from __future__ import annotations

import numpy as np

from LungCAD.train.patches.overlap import groups_of_overlap


def test_patches_of_the_same_pixels_are_one_group():
    rng = np.random.default_rng(0)
    scan = rng.integers(-1000, -700, (80, 80))
    other = rng.integers(-1000, -700, (31, 31))
    patches = np.stack([scan[:31, :31], other, scan[10:41, 8:39], scan[40:71, 45:76]])
    groups = groups_of_overlap(patches.astype(np.float32))
    assert groups[0] == groups[2]
    assert len(set(groups)) == 3


def test_a_chain_of_overlaps_is_one_group():
    scan = np.random.default_rng(1).integers(-1000, -700, (31, 100))
    patches = np.stack([scan[:, start : start + 31] for start in (0, 14, 28, 42)])
    assert len(set(groups_of_overlap(patches))) == 1


def test_small_patches_must_share_a_whole_row():
    scan = np.random.default_rng(2).integers(-1000, -700, (20, 10))
    assert len(set(groups_of_overlap(np.stack([scan[:10], scan[9:19], scan[10:]])))) == 1
