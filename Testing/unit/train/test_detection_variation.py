"""Slices as other patients and scanners would show them: what is known of a place moves with it."""

from __future__ import annotations

import pytest
import torch

from LungCAD.images.windows import GAO
from LungCAD.train.detection.variation import Pose, vary


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("zoom", "move"), [(1.0, (0, 0)), (1.0, (14, -9)), (1.15, (17, 17)), (0.87, (-14, -15))]
)
def test_cells_move_with_the_image(zoom, move, mirrored):
    cells = torch.zeros(1, 1, 13, 13)
    cells[0, 0, 4:6, 8:11] = 1
    image = torch.zeros(1, 1, 224, 224)
    image[:, :, 9:217, 9:217] = cells.repeat_interleave(16, 2).repeat_interleave(16, 3)
    pose = Pose(zoom, torch.tensor([move]), torch.tensor([mirrored]))
    shown = pose.images(image, torch.zeros(1, 1, 1))
    expected = torch.nn.functional.avg_pool2d(shown[:, :, 9:217, 9:217], 16)
    found = pose.cells(cells, 224)
    assert (found - expected).abs().mean() < 0.01
    assert (found - expected).abs().max() < 0.45  # borders are interpolated


def test_an_upright_pose_changes_nothing():
    images = torch.rand(2, 3, 224, 224)
    pose = Pose(1.0, torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, dtype=torch.bool))
    torch.testing.assert_close(pose.images(images, torch.zeros(3, 1, 1)), images)


def test_variation_repeats_and_stays_in_range():
    levels = torch.randint(256, (4, 3, 224, 224), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    first, second = (
        vary(levels, GAO, Pose.draw(4, 224, generator), generator)
        for generator in (torch.Generator().manual_seed(5), torch.Generator().manual_seed(5))
    )
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert first.abs().max() <= 1


def test_what_a_window_clipped_stays_clipped():
    levels = torch.zeros(1, 3, 224, 224, dtype=torch.uint8)
    levels[:, 0] = 255
    pose = Pose(1.0, torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, dtype=torch.bool))
    varied = vary(levels, GAO, pose, torch.Generator().manual_seed(0))
    assert (varied[:, 0] == 1).all()
    assert (varied[:, 1:] == -1).all()
