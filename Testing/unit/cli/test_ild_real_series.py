"""ILD segmentation on two real chest CT with thick slices: what anyone can see must be so.

Nobody knows the truth here. Lung and nothing else is labelled, the mass is dense, and what thick slices do to
textures is said.
"""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.errors import InputError
from LungCAD.images import read_ct, read_labels
from LungCAD.labels import load_schema
from LungCAD.weights.shipped import shipped

CONSOLIDATION = 4
SERIES = {"A0001_5mm_lung_kernel": (49, 2), "A0002_8mm_B70f": (14, 1)}
"""A slice (from 1, feet first) through the mass, and the lung that holds it."""


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", SERIES)
def test_the_mass_is_dense_and_nothing_but_lung_is_labelled(real_data, tmp_path, name):
    try:
        shipped("lungnet-six")
    except InputError as error:
        pytest.skip(str(error))
    folder = real_data / "ct_dicom" / name
    scan = read_ct(folder)
    number, side = SERIES[name]
    words = [str(folder), "--slices", str(number), "--device", "cpu", "-o", str(tmp_path / "out"), "--quiet"]
    assert main(["ild", *words]) == 0
    labels, lungs = (
        sitk.GetArrayFromImage(
            read_labels(tmp_path / "out" / f"{file}.seg.nrrd", load_schema(schema), scan.image)
        )
        for file, schema in (("labels", "lungnet6"), ("lungs", "lungs"))
    )
    np.testing.assert_array_equal(labels > 0, lungs > 0)
    np.testing.assert_array_equal(labels.any((1, 2)), np.arange(len(labels)) == number - 1)
    hu = sitk.GetArrayViewFromImage(scan.image)
    mass = (lungs == side) & (hu > -100)
    assert (labels[mass] == CONSOLIDATION).mean() > 0.5
    assert (labels[(lungs > 0) & (hu < -700)] == CONSOLIDATION).mean() < 0.05
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "were not segmented" in report and "synthetic data only" in report
