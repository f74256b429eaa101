"""Plots, pictures and tables of detection along a scan."""

from __future__ import annotations

import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from LungCAD.report.detection import ANY_SLICE, LIKELY_SCANS, NOT_KNOWN, _how
from LungCAD.report.detection_pictures import WIDTH_PX, HeatPainter
from LungCAD.report.detection_plots import plot_curves
from LungCAD.report.findings import Finding, Findings, SliceRange, SliceReading
from LungCAD.report.plots import DARK, LIGHT
from Testing.slicer.spot_network import CODES, chest, chest_image

RED, BLUE = (220, 30, 30), (30, 30, 220)


@pytest.fixture
def findings():
    curve = [0.1] * 12
    curve[3:6] = [0.8, 0.9, 0.8]
    slices = [SliceReading(z + 1, 300.0 + 5 * z, 0.0) for z in range(24)]
    for index, value in enumerate(curve):
        slices[6 + index] = SliceReading(7 + index, 330.0 + 5 * index, 90.0, (value, 0.1), (value, 0.1))
    found = SliceRange(10, 12, 345.0, 355.0, 11, 0.9)
    diseases = (
        Finding("ground_glass", "Ground glass opacity", RED, 0.5, 0.9, (found,)),
        Finding("emphysema", "Emphysema", BLUE, 0.4, 0.1),
    )
    return Findings(tuple(slices), diseases)


def colours(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_curves_are_in_the_colours_of_the_diseases(findings):
    for paper in (LIGHT, DARK):
        picture = colours(plot_curves(findings, paper))
        for color in (RED, BLUE):
            assert (np.abs(picture - color).max(-1) < 3).sum() > 300


def test_a_range_is_shaded_where_it_is(findings):
    """The plot spans 297.5 to 417.5 mm; the range 342.5 to 357.5 mm."""
    picture = colours(plot_curves(findings, LIGHT))
    shade = np.round(0.25 * np.array(RED) + 0.75 * 255)
    columns = np.flatnonzero((np.abs(picture - shade).max(-1) < 3).sum(0) > 20)
    axis = np.flatnonzero((picture.sum(-1) < 700).sum(0) > 0)
    part = (columns.max() - columns.min()) / (axis.max() - axis.min())
    assert 0.09 < part < 0.14


def test_how_scans_are_read_is_said_of_each_disease():
    def said(*thresholds):
        return _how(
            [
                Finding(f"d{i}", f"Disease {i}", RED, 0.5, 0.6, scan_threshold=t)
                for i, t in enumerate(thresholds)
            ]
        )

    assert said(0.5, 0.4) == LIKELY_SCANS
    assert said(0.0, 0.0) == ANY_SLICE
    assert said(0.5, 0.0, 0.0) == f"{LIKELY_SCANS} {NOT_KNOWN.format('Disease 1, Disease 2')}"


def test_one_slice_and_nothing_judged():
    one = Findings((SliceReading(1, 5.0, 80.0, (0.7,), (0.7,)),), (Finding("x", "X", RED, 0.5, 0.7),))
    nothing = Findings((SliceReading(1, 5.0, 0.0),), (Finding("x", "X", RED, 0.5, None),))
    for findings in (one, nothing):
        assert plot_curves(findings).startswith(b"\x89PNG")


def test_heat_is_painted_where_it_is(findings):
    """On the patient's right, which is on the left of the picture, whichever way the volume is stored."""
    ct = chest_image(chest({CODES[0]: (range(9, 12), (70, 50))}))
    hot = np.zeros((24, 160, 160), np.uint8)
    hot[9:12, 62:78, 42:58] = 100
    heat = chest_image(hot.astype(np.int16))
    for order in ("LPS", "RAI", "ASL"):
        turned, turned_heat = (sitk.DICOMOrient(image, order) for image in (ct, heat))
        painter = HeatPainter(turned, findings, lambda _code, image=turned_heat: image)
        picture = np.asarray(painter.picture(10)).astype(int)
        assert picture.shape[1] == 2 * WIDTH_PX + 6  # the CT and the one disease that is there
        coloured = np.abs(picture[30:, WIDTH_PX + 6 :] - picture[30:, WIDTH_PX + 6 :, :1]).max(-1) > 40
        _, x = np.nonzero(coloured)
        assert abs(x.mean() / WIDTH_PX - (50 - 5) / 150) < 0.05


def test_without_heat_maps(findings):
    picture = HeatPainter(chest_image(chest({})), findings, None).picture(10)
    assert picture.width == WIDTH_PX
