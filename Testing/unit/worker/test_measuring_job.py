"""The job that measures corrected labels: counted by hand, on part of the slices, with classes added."""

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.lungs import lung_zones, segment_lungs
from LungCAD.phantom import StudyParameters, make_study
from LungCAD.report.measurements import Measurements
from LungCAD.worker.in_process import run
from LungCAD.worker.plain import from_plain
from Testing.slicer.density_network import CONSOLIDATION, GROUND_GLASS, HEALTHY, DenseLungs


def measured(inputs, **parameters):
    result = run("measure", inputs, {"schema": "lungnet6", **parameters})
    return result.images["lungs"], from_plain(Measurements, result.data["measurements"])


def test_shares_are_those_of_the_slices_that_were_labelled():
    scan = DenseLungs(slices=6)
    provenance = np.where(scan.lungs > 0, 4, 0).astype(np.uint8)
    provenance[:2] = 0
    labels = np.where(provenance > 0, scan.truth, 0).astype(np.uint8)
    arrays = {"ct": scan.hu, "labels": labels, "provenance": provenance, "lungs": scan.lungs}
    images = {name: scan.image(array) for name, array in arrays.items()}
    lungs, found = measured(images, classes=[HEALTHY, GROUND_GLASS])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(lungs), scan.lungs * (provenance > 0))
    right = labels[(scan.lungs == 1) & (provenance > 0)]
    assert found.share("right_lung", "ground_glass").percent == pytest.approx(
        100 * (right == GROUND_GLASS).mean()
    )
    # What the reader added counts besides the classes of the method; the others could not be assigned.
    left = labels[(scan.lungs == 2) & (provenance > 0)]
    assert found.share("left_lung", "consolidation").percent == pytest.approx(
        100 * (left == CONSOLIDATION).mean()
    )
    assert "Honeycombing" in found.not_assessed and "Consolidation" not in found.not_assessed
    whole = sitk.GetArrayFromImage(lung_zones(images["lungs"])) * (provenance > 0)
    voxel_ml = 0.8 * 0.8 * 1.5 / 1000
    assert found.region_ml["left_upper"] == pytest.approx((whole == 4).sum() * voxel_ml)


def test_lungs_are_found_where_none_are_given():
    study = make_study(StudyParameters(size=(112, 92, 16), spacing=(3.0, 3.0, 18), seed=1, schema="lungnet6"))
    provenance = sitk.Cast(study.lungs > 0, sitk.sitkUInt8)
    lungs, _ = measured({"ct": study.ct, "labels": study.labels, "provenance": provenance})
    found = sitk.GetArrayFromImage(segment_lungs(study.ct)) * sitk.GetArrayFromImage(provenance)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(lungs), found)


def test_what_is_missing_is_named():
    scan = DenseLungs(slices=1)
    with pytest.raises(InputError, match="labels: is missing"):
        measured({"ct": scan.image(scan.hu)})
