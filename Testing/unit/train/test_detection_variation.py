"""Slices as other patients and scanners would show them: what is known of a place moves with it."""

from __future__ import annotations

import pytest
import torch

from LungCAD.images.windows import GAO
from LungCAD.train.detection.variation import Pose, lung_part, vary


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


def lungs_in_tissue():
    """Return levels (6, 3, 224, 224) of lung (-850 HU) in tissue (40 HU), in air (-1400 HU), and the lung."""
    hu = torch.full((224, 224), -1400.0)
    hu[30:200, 20:210] = 40
    lung = torch.zeros(224, 224, dtype=torch.bool)
    lung[50:180, 40:100] = lung[50:180, 120:190] = True
    hu[lung] = -850
    low, high = (torch.tensor([window[end] for window in GAO])[:, None, None] for end in (0, 1))
    levels = ((hu - low) / (high - low)).clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.expand(6, -1, -1, -1), lung


def moved_hu(drift_hu, levels):
    """Return by how many HU each pixel is denser than without a drift, in the widest window."""
    pose = Pose(1.0, torch.zeros(6, 2, dtype=torch.long), torch.zeros(6, dtype=torch.bool))
    varied, plain = (
        vary(levels, GAO, pose, torch.Generator().manual_seed(3), drift) for drift in (drift_hu, 0.0)
    )
    return (varied - plain)[:, 1] * (GAO[1][1] - GAO[1][0]) / 2


def test_density_drifts_in_the_lung_alone():
    levels, lung = lungs_in_tissue()
    moved = moved_hu(50.0, levels)
    assert moved[:, ~lung].abs().max() < 1e-3
    spread = moved[:, lung].std(1)
    assert spread.min() > 1 and spread.max() < 100
    assert moved.min() > -1e-3  # what is less dense is emphysema
    assert (moved[:, lung].abs() < 1e-3).any() and moved[:, lung].max() > 20
    beside = (moved[:, 60:170, 45:94] - moved[:, 60:170, 46:95]).abs().max()  # no edge is drawn
    assert beside < 8
    assert moved_hu(0.0, levels).abs().max() == 0


def test_what_drifts_is_lung_of_any_aeration_and_less_the_denser_it_is():
    weights = []
    for hu in (-1000, -950, -850, -500, -400, -300, 40):
        level = 2 * (hu - GAO[1][0]) / (GAO[1][1] - GAO[1][0]) - 1
        images = torch.full((1, 3, 2, 2), level)
        weights.append(round(lung_part(images, GAO)[0, 0, 0, 0].item(), 3))
    assert weights == [0, 1, 1, 1, 0.5, 0, 0]
