"""Slicer answers its user while images of a whole chest come and go."""

from __future__ import annotations

import time

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.worker.image_files import PlacedVoxels

LONGEST_TURN_S = 0.1


@pytest.fixture
def one_allocation():
    """Seconds to allocate the largest of the images: SimpleITK does not do that in steps."""
    start = time.monotonic()
    sitk.Image([512, 512, 300], sitk.sitkUInt8)
    return time.monotonic() - start


@pytest.mark.slow
def test_no_turn_of_the_event_loop_takes_long(runner, run_loop, make_listener, one_allocation, capsys):
    """Take 512 x 512 x 300 voxels to the worker, and six results of label propagation back."""
    ct = PlacedVoxels(np.ones((300, 512, 512), np.int16), sitk.Image([1, 1, 1], sitk.sitkUInt8))
    rois = sitk.Image([512, 512, 300], sitk.sitkUInt8)
    listener, turns = make_listener(), []
    runner.start("label", {"ct": ct, "rois": rois}, {"seconds": 2.0}, listener)
    while not listener.ends:
        said = len(listener.steps)
        longest = run_loop(lambda said=said: len(listener.steps) > said or listener.ends)
        turns.append((longest, listener.steps[-1][1]))
    seconds, doing = max(turns)
    with capsys.disabled():
        print(
            f"\nLongest turn {1000 * seconds:.0f} ms ({doing}), one allocation {1000 * one_allocation:.0f} ms"
        )
    assert listener.ends[0][0] == "finished"
    assert seconds < max(LONGEST_TURN_S, 1.5 * one_allocation)
