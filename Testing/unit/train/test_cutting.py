"""Patches lie within the region whose label they carry."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.train.patches.cutting import cut_patches


def placed(labels, patch_px, step, purity=1.0):
    """Cut from a volume whose every voxel holds its own index; return (z, y, x, label) of each patch."""
    numbers = np.arange(labels.size).reshape(labels.shape)
    found = []
    for patch, value in cut_patches(numbers, labels, patch_px, step, purity):
        z, y, x = np.unravel_index(patch[0, 0], labels.shape)
        assert np.array_equal(patch, numbers[z, y : y + patch_px, x : x + patch_px])
        found.append((int(z), int(y), int(x), value))
    return found


@pytest.mark.parametrize("purity", [0.6, 0.9, 1.0])
def test_every_patch_is_pure_enough_and_apart_and_none_is_missed(purity):
    rng = np.random.default_rng(0)
    labels = np.kron(rng.integers(0, 3, (2, 4, 5)), np.ones((1, 9, 9), int))
    found = placed(labels, 6, 4, purity)
    for z, y, x, value in found:
        assert np.mean(labels[z, y : y + 6, x : x + 6] == value) >= purity
    for z in range(2):
        for y in range(labels.shape[1] - 5):
            for x in range(labels.shape[2] - 5):
                for value in (1, 2):
                    near = [
                        1
                        for other in found
                        if (other[0], other[3]) == (z, value)
                        and abs(other[1] - y) < 4
                        and abs(other[2] - x) < 4
                    ]
                    pure = np.mean(labels[z, y : y + 6, x : x + 6] == value) >= purity
                    assert near or not pure
    assert len(found) == len(set(found)) > 20


def test_a_region_as_large_as_the_patch_gives_one_wherever_it_lies():
    labels = np.zeros((1, 50, 60), int)
    labels[0, 7:39, 13:45] = 4
    assert placed(labels, 32, 16) == [(0, 7, 13, 4)]


def test_a_region_that_is_too_small_or_a_slice_gives_none():
    labels = np.zeros((1, 50, 60), int)
    labels[0, 7:38, 13:45] = 4
    assert placed(labels, 32, 16) == []
    assert placed(np.ones((1, 20, 60), int), 32, 16) == []


@pytest.mark.parametrize("numbers", [(0, 1, 1.0), (4, 0, 1.0), (4, 1, 0.5), (4, 1, 1.1)])
def test_numbers_out_of_range(numbers):
    with pytest.raises(ValueError, match="out of range"):
        list(cut_patches(np.zeros((1, 9, 9)), np.ones((1, 9, 9)), *numbers))


def test_shapes_that_differ():
    with pytest.raises(ValueError, match="one shape"):
        list(cut_patches(np.zeros((1, 9, 9)), np.ones((1, 9, 8)), 3, 1, 1.0))
