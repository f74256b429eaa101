"""Lungs of which the picture, or a round field of view, shows only a part."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.lungs import cut_warning, segment_lungs

SIDES = (1, 2)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize(
    ("columns", "cut"),
    [
        (slice(28, None), [0]),
        (slice(None, -28), [-1]),
        (slice(28, -28), [0, -1]),
        (slice(18, -18), []),
        (slice(62, None), [0]),
    ],
)
def test_lungs_that_the_edge_cuts_are_found_to_the_edge(healthy, columns, cut):
    """Up to 15 mm of a lung are missing, 100 mm in the end; body and table are wider than the picture."""
    truth = healthy.truth[:, :, columns]
    assert [edge for edge in (0, -1) if truth[:, :, edge].any()] == cut
    found = sitk.GetArrayFromImage(segment_lungs(healthy.ct[columns]))
    for side in SIDES:
        assert dice(found == side, truth == side) >= 0.98
    assert dice(found > 0, truth > 0) >= 0.98
    assert (found[healthy.lumen[:, :, columns]] > 0).mean() < 0.1
    told = list(cut_warning(sitk.GetArrayViewFromImage(healthy.ct)[:, :, columns], found))
    slices = found[:, :, [0, -1]].any((1, 2)).sum()
    assert len(told) == bool(cut) and (not cut or f"on {slices} slices" in told[0])


@pytest.mark.parametrize("padding", [-2048, -1024])
@pytest.mark.parametrize("radius_mm", [130, 110])
def test_lungs_that_a_round_field_cuts_are_found_to_its_border(healthy, radius_mm, padding):
    hu = sitk.GetArrayFromImage(healthy.ct)
    y, x = np.ogrid[: hu.shape[1], : hu.shape[2]]
    inside = (2.5 * (y - hu.shape[1] / 2)) ** 2 + (2.5 * (x - hu.shape[2] / 2)) ** 2 < radius_mm**2
    ct = sitk.GetImageFromArray(np.where(inside, hu, padding).astype(np.int16))
    ct.CopyInformation(healthy.ct)
    truth = np.where(inside, healthy.truth, 0)
    assert (truth > 0).sum() < 0.97 * (healthy.truth > 0).sum()
    found = sitk.GetArrayFromImage(segment_lungs(ct))
    for side in SIDES:
        assert dice(found == side, truth == side) >= 0.97
    assert not found[:, ~inside].any()
    assert len(list(cut_warning(sitk.GetArrayViewFromImage(ct), found))) == 1


def test_padding_that_no_lung_reaches_cuts_none(healthy):
    hu = sitk.GetArrayFromImage(healthy.ct)
    y, x = np.ogrid[-1 : 1 : hu.shape[1] * 1j, -1 : 1 : hu.shape[2] * 1j]
    hu[:, np.hypot(y, x) > 1] = -2048
    assert not list(cut_warning(hu, healthy.truth))
