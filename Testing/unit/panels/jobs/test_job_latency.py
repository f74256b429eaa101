"""Slicer answers its user while images of a whole chest come and go."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

LONGEST_TURN_S = 0.1


@pytest.mark.slow
def test_no_turn_of_the_event_loop_takes_long(runner, run_loop, make_listener, capsys):
    """Take 512 x 512 x 300 voxels to the worker, and six results of label propagation back."""
    ct = sitk.GetImageFromArray(np.ones((300, 512, 512), np.int16))
    listener, turns = make_listener(), []
    runner.start("label", {"ct": ct, "rois": sitk.Cast(ct, sitk.sitkUInt8)}, {"seconds": 2.0}, listener)
    while not listener.ends:
        said = len(listener.steps)
        longest = run_loop(lambda said=said: len(listener.steps) > said or listener.ends)
        turns.append((longest, listener.steps[-1][1]))
    seconds, doing = max(turns)
    with capsys.disabled():
        print(f"\nLongest turn: {1000 * seconds:.0f} ms ({doing})")
    assert listener.ends[0][0] == "finished"
    assert seconds < LONGEST_TURN_S
