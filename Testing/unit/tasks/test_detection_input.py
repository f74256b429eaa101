"""Axial slices as the detection network sees them: windows, field, any geometry, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import InputError
from LungCAD.images.windows import GAO
from LungCAD.tasks.detection_input import (
    LEAST_PROBABILITY,
    Decision,
    DetectionInput,
    centred,
    decisions_from_plain,
)

AIR, TISSUE, LUNG = -1000, 40, -860


def chest(pixel=(1.0, 1.0), extent=340.0, slices=3, shift=(0.0, 0.0), spot=None):
    """An elliptic body of 200 x 300 mm with two lungs; `spot` (y, x) in mm from its middle is dense."""
    height, width = (round(extent / mm) for mm in pixel)
    y = ((np.arange(height) + 0.5) * pixel[0] - extent / 2 - shift[0])[:, None]
    x = ((np.arange(width) + 0.5) * pixel[1] - extent / 2 - shift[1])[None]
    hu = np.where((y / 100) ** 2 + (x / 150) ** 2 < 1, TISSUE, AIR)
    hu = np.where((y / 70) ** 2 + ((np.abs(x) - 70) / 50) ** 2 < 1, LUNG, hu)
    if spot:
        hu = np.where(np.hypot(y - spot[0], x - spot[1]) < 12, 240, hu)
    image = sitk.GetImageFromArray(np.repeat(hu[None], slices, 0).astype(np.int16))
    image.SetSpacing((*pixel[::-1], 5.0))
    return image


def test_grey_levels_are_the_three_windows():
    hu = torch.full((1, 340, 340), 0, dtype=torch.int16)
    for value in (-1400, -1175, -950, -600, -160, 40, 200, 240, 900):
        hu[:] = value
        prepare = DetectionInput()
        levels = prepare.grey_levels(hu, prepare.field(np.zeros((1, 340, 340)), (1.0, 1.0)))
        expected = [round(255 * min(max((value - low) / (high - low), 0), 1)) for low, high in GAO]
        assert levels[0, :, 112, 112].tolist() == pytest.approx(expected, abs=1)


def test_windows_are_those_of_section_3_5():
    assert DetectionInput().windows == ((-1400, -950), (-1400, 200), (-160, 240))


def test_levels_reach_the_network_about_0():
    assert centred(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("pixel", "extent", "shift"),
    [
        ((0.7, 0.7), 340, (0, 0)),
        ((1.3, 1.3), 500, (30, -45)),
        ((0.9, 1.4), 340, (0, 8)),
        ((0.8, 0.8), 420, (25, 20)),
    ],
)
def test_the_same_chest_looks_the_same_on_every_scanner(pixel, extent, shift):
    spot = (10.0, -60.0)
    reference = DetectionInput().images(chest(spot=spot)).float()
    found = DetectionInput().images(chest(pixel, extent, shift=shift, spot=spot)).float()
    assert found.shape == (3, 3, 224, 224)
    difference = (found - reference)[:, 1].abs()
    assert difference.mean() < 6  # edges; a chest moved by 10 mm differs by 18
    middle = torch.tensor(np.argwhere(found[0, 2].numpy() > 250)).float().mean(0)
    expected = torch.tensor(np.argwhere(reference[0, 2].numpy() > 250)).float().mean(0)
    assert (middle - expected).abs().max() < 4  # pixels of 1.4 mm


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_what_scanners_write_beyond_their_field_of_view_is_air(kind):
    """A volume from Slicer has it as the scanner wrote it; `read_ct` has made it air."""
    ct = chest((1.0, 1.0))
    hu = sitk.GetArrayFromImage(ct).astype(kind)
    hu[:, np.hypot(*(np.mgrid[:340, :340] - 169.5)) > 130] = -3024  # across the body's edge
    images = []
    for values in (hu, np.maximum(hu, -1024)):
        one = sitk.GetImageFromArray(values)
        one.CopyInformation(ct)
        images.append(DetectionInput().images(one))
    assert torch.equal(*images)


def test_a_pixel_is_the_mean_of_what_it_covers():
    hu = np.full((1, 640, 640), -900, np.int16)
    hu[:, ::2] = -700  # lines that every other pixel would miss
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.5, 0.5, 1.0))
    levels = DetectionInput().images(image)[0, 1, 20:200, 20:200].float()
    expected = 255 * (-800 + 1400) / 1600
    assert (levels - expected).abs().max() < 6


@pytest.mark.parametrize(
    "direction",
    [(-1, 0, 0, 0, -1, 0, 0, 0, 1), (1, 0, 0, 0, -1, 0, 0, 0, -1), (1, 0, 0, 0, 1, 0, 0, 0, -1)],
)
def test_any_direction_gives_the_same_slices(direction):
    straight = chest(spot=(20.0, 60.0))
    array = sitk.GetArrayFromImage(straight)
    array[0] = AIR
    straight = sitk.GetImageFromArray(array)
    straight.SetSpacing((1, 1, 5))
    flips = [direction[0] < 0, direction[4] < 0, direction[8] < 0]
    turned = sitk.Flip(straight, flips)
    turned.SetDirection(direction)
    torch.testing.assert_close(DetectionInput().images(turned), DetectionInput().images(straight))


def test_slices_stored_sagittally_are_resliced():
    straight = chest(slices=4)
    straight.SetSpacing((1, 1, 2))
    swapped = sitk.PermuteAxes(straight, [2, 1, 0])
    torch.testing.assert_close(DetectionInput().images(swapped), DetectionInput().images(straight))


def test_one_slice_is_enough():
    assert DetectionInput().images(chest(slices=1)).shape == (1, 3, 224, 224)


def test_a_slice_of_nothing_but_air_is_looked_at_in_its_middle():
    image = sitk.GetImageFromArray(np.full((2, 340, 340), AIR, np.int16))
    field = DetectionInput().place(image)[1]
    assert field.rows == field.columns == (10, 330)


@pytest.mark.parametrize("extent", [250.0, 480.0])
def test_maps_of_the_field_go_back_to_where_they_were(extent):
    axial, field = DetectionInput().place(chest(extent=extent, spot=(0.0, 60.0)))
    slices = torch.from_numpy(sitk.GetArrayFromImage(axial))
    reduced = torch.nn.functional.interpolate(
        (field.cut(slices) > 200).float()[:, None], (224, 224), mode="bilinear", antialias=True
    )[:, 0]
    back = field.put_back(reduced)
    assert back.shape == slices.shape
    assert ((back > 0.5) == (slices > 200)).float().mean() > 0.999


def test_a_coronal_stack_is_refused():
    image = chest()
    image.SetSpacing((0.8, 5.0, 0.8))
    with pytest.raises(InputError, match="coronal"):
        DetectionInput().images(image)


def test_a_tiny_field_of_view_is_refused():
    with pytest.raises(InputError, match="160 x 160 mm"):
        DetectionInput().images(chest(extent=160.0))


def test_an_oblique_scan_is_refused():
    image = chest()
    tilt = np.radians(40)
    image.SetDirection((1, 0, 0, 0, np.cos(tilt), -np.sin(tilt), 0, np.sin(tilt), np.cos(tilt)))
    with pytest.raises(InputError, match="40 degrees"):
        DetectionInput().images(image)


def test_input_survives_plain_data():
    prepare = DetectionInput(field_mm=300.0)
    assert DetectionInput.from_plain(prepare.as_plain()) == prepare


@pytest.mark.parametrize("data", [{}, {"side": 224}, {"side": "x", "field_mm": 1, "windows": []}])
def test_other_plain_data_are_refused(data):
    with pytest.raises(ValueError, match="axial"):
        DetectionInput.from_plain(data)


def test_a_decision_is_a_sigmoid():
    decision = Decision(offset=1.0, temperature=2.0)
    outputs = np.array([-800.0, 1.0, 3.0, 900.0])
    np.testing.assert_allclose(decision.probability(outputs), (0, 0.5, 1 / (1 + np.exp(-1)), 1), atol=1e-7)


def test_scans_are_read_from_the_log_odds_of_their_highest_slice():
    highest = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(Decision().scan_probability(highest), highest, atol=2e-6)
    decision = Decision(scan_offset=np.log(9), scan_temperature=2.0)
    expected = (0.1, 0.25, 0.5)  # the roots of odds of 1 / 81, 1 / 9 and 1
    np.testing.assert_allclose(decision.scan_probability(highest), expected, rtol=1e-6)
    least = np.sqrt(LEAST_PROBABILITY / 9)
    np.testing.assert_allclose(decision.scan_probability(0.0), least, rtol=1e-3)


def test_decisions_survive_plain_data():
    decisions = (Decision(), Decision(0.5, 2.0, 0.3, -1.0, 1.5, 0.5))
    assert decisions_from_plain([dataclasses.asdict(one) for one in decisions]) == decisions


@pytest.mark.parametrize(
    "data", [[{"offset": "x"}], [{"slope": 1}], [{"temperature": 0}], [{"scan_temperature": 0}], [3]]
)
def test_other_decisions_are_refused(data):
    with pytest.raises(ValueError, match=r"decisions|temperature"):
        decisions_from_plain(data)
