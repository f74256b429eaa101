"""Scans and masks that do not fit the network: what is refused, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import ScanFacts
from LungCAD.tasks.ild_segmentation import (
    IldNetwork,
    IldSegmentationInputs,
    segment,
)
from LungCAD.tasks.ild_segmentation.cautions import find_cautions
from LungCAD.weights.shipped import shipped_files
from Testing.unit.tasks.dense_case import CPU, inputs


def test_obliquely_cut_volumes_are_refused(lungs, network):
    def turned_by(degrees):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return inputs(lungs, direction=(1, 0, 0, 0, c, -s, 0, s, c))

    assert segment(turned_by(25), network, CPU)
    with pytest.raises(InputError, match="turned by 40 degrees"):
        segment(turned_by(40), network, CPU)


def test_thick_and_coarse_slices_are_said(lungs, network):
    def warnings(spacing, facts=None):
        given = inputs(lungs, spacing=spacing)
        return " ".join(segment(replace(given, facts=facts), network, CPU).warnings)

    assert "synthetic" in warnings((0.8, 0.8, 1.5))
    assert "slices" not in warnings((0.8, 0.8, 1.5))
    assert "5 mm apart and of unknown thickness" in warnings((0.8, 0.8, 5.0))
    assert "mm thick" not in warnings((0.8, 0.8, 5.0), ScanFacts(slice_thickness_mm=1.25))
    assert "8 mm thick" in warnings((0.8, 0.8, 1.5), ScanFacts(slice_thickness_mm=8.0))
    assert "knows 0.5 to 1.2 mm" in warnings((1.5, 1.5, 1.5))
    assert "resampled" in warnings((0.8, 0.9, 1.5))


def test_the_thickness_of_coronal_slices_says_nothing_of_axial_ones(network):
    facts = ScanFacts(slice_thickness_mm=8.0)
    for permuted, said in ((False, True), (True, False)):
        ct = sitk.Image(64, 64, 64, sitk.sitkInt16)
        ct.SetSpacing((0.8, 0.8, 0.8))
        if permuted:
            ct = sitk.PermuteAxes(ct, (0, 2, 1))
        cautions = " ".join(find_cautions(ct, facts, network.input, network.card))
        assert ("8 mm thick" in cautions) == said


@pytest.mark.parametrize("path", shipped_files("lungnet-"), ids=lambda path: path.stem)
def test_shipped_networks_caution_against_thick_slices(path):
    """They saw thick ones too, which makes textures no less blurred."""
    network = IldNetwork.load(path.stem, "cpu")
    ct = sitk.Image(2, 2, 2, sitk.sitkInt16)
    ct.SetSpacing((0.7, 0.7, 1.0))
    for thickness, said in ((1.0, False), (2.5, False), (3.0, True), (5.0, True), (12.0, True)):
        facts = ScanFacts(slice_thickness_mm=thickness)
        cautions = " ".join(find_cautions(ct, facts, network.input, network.card))
        assert ("Thick slices blur fine textures" in cautions) == said, thickness
        assert ("trained on" in cautions.replace("trained on synthetic", "")) == (thickness > 10)


def test_a_lung_that_is_missing_is_said(lungs, network):
    given = replace(inputs(lungs), lungs=lungs.image(np.where(lungs.lungs == 1, 1, 0).astype(np.uint8)))
    result = segment(given, network, CPU)
    assert any("no left lung" in warning for warning in result.warnings)
    assert result.measurements.share("left_lung", "healthy").percent is None


@pytest.mark.parametrize("spacing", [(0.2, 0.2, 1.0), (0.8, 3.0, 1.0), (3.0, 3.0, 3.0)])
def test_pixels_far_from_training_are_refused_before_work_starts(lungs, network, spacing):
    with pytest.raises(InputError, match=r"far from the 0\.5 to 1\.2 mm"):
        segment(inputs(lungs, spacing=spacing), network, CPU)


def test_masks_that_do_not_fit(lungs, network):
    ct = lungs.image(lungs.hu)
    masks = {
        "another grid": lungs.image(lungs.lungs, spacing=(0.8, 0.8, 1.4)),
        "values": lungs.image(3 * lungs.lungs),
        "empty": lungs.image(0 * lungs.lungs),
    }
    for problem, mask in masks.items():
        with pytest.raises(InputError, match=problem):
            segment(IldSegmentationInputs(ct, mask), network, CPU)
    with pytest.raises(InputError, match="show no lung"):
        empty = lungs.lungs.copy()
        empty[0] = 0
        segment(IldSegmentationInputs(ct, lungs.image(empty)), network, replace(CPU, slices="1"))
