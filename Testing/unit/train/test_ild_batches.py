"""Slices as a training for interstitial lung disease shows them: order, poses, windows, filling."""

from dataclasses import replace

import numpy as np
import torch

from LungCAD.train.ild.batches import SlicesByEpoch, VariedSlices, as_batch, random_window
from LungCAD.train.ild.loss import OUTSIDE
from Testing.unit.train.drawn_slices import TINY, drawings


def test_what_chance_decides_depends_on_seed_epoch_and_slice_alone():
    order = SlicesByEpoch(12, 0, 0)
    varied = VariedSlices(drawings(), replace(TINY, window=24, scanners=True), order)
    first = varied[3]
    assert torch.equal(first[0], varied[3][0]) and first[0].shape == (1, 1, 24, 24)
    order.set_epoch(1)
    assert not torch.equal(first[0], varied[3][0])
    order.set_epoch(0)
    assert torch.equal(first[0], varied[3][0])


def test_image_and_targets_are_turned_together():
    """Bright where consolidation is, whatever the orientation."""
    order = SlicesByEpoch(12, 0, 0)
    varied = VariedSlices(drawings(), TINY, order)
    shapes = set()
    for epoch in range(12):
        order.set_epoch(epoch)
        image, targets = varied[0]
        assert image[0][targets == 2].mean() > 0.75 > 0.3 > image[0][targets == 0].mean()
        shapes.add(tuple(targets.flatten().tolist()))
    assert len(shapes) > 4


def test_processes_share_an_epoch(monkeypatch):
    import LungCAD.train.ild.batches as batches

    taken = []
    for rank in range(3):
        monkeypatch.setattr(batches, "_place", lambda rank=rank: (rank, 3))
        taken.append(list(SlicesByEpoch(11, 0, 0)))
    assert [len(part) for part in taken] == [3, 3, 3], "equally many steps"
    assert len({index for part in taken for index in part}) == 9


def test_an_epoch_may_show_slices_more_than_once():
    order = SlicesByEpoch(12, 30, 0)
    taken = list(order)
    assert sorted(taken) == list(range(30)) and len(order) == 30
    varied = VariedSlices(drawings(), replace(TINY, window=24), order)
    assert not torch.equal(varied[3][0], varied[15][0]), "the same slice, varied otherwise"
    assert len(list(SlicesByEpoch(12, 5, 0))) == 5


def test_windows_show_a_labelled_pixel():
    rng = np.random.default_rng(0)
    targets = np.full((90, 70), OUTSIDE, np.int8)
    targets[5, 66] = 1
    for _ in range(20):
        box = random_window(targets, 32, rng)
        assert targets[box].shape == (32, 32) and (targets[box] == 1).sum() == 1
    assert targets[random_window(targets, 200, rng)].shape == (90, 70)


def test_filled_pixels_take_no_part():
    image, targets = as_batch(np.ones((33, 20), np.float32), np.zeros((33, 20), np.int8), 32)
    assert image.shape == (1, 1, 64, 32) and image.sum() == 33 * 20
    assert (targets >= 0).sum() == 33 * 20 and (targets == OUTSIDE).sum() == 64 * 32 - 33 * 20
