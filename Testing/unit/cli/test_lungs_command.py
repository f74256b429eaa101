"""`lungcad lungs` as a user runs it."""

from __future__ import annotations

import csv

import numpy as np
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.images import read_labels, write_image
from LungCAD.labels import load_schema
from LungCAD.phantom import StudyParameters, make_study


def test_writes_lungs_zones_and_densitometry(tmp_path):
    study = make_study(StudyParameters(size=(128, 128, 16), spacing=(2.8, 2.8, 18.0), disease=False))
    write_image(study.ct, tmp_path / "ct.nii.gz")
    out = tmp_path / "out"

    assert main(["lungs", str(tmp_path / "ct.nii.gz"), "-o", str(out), "--quiet"]) == 0

    found = sitk.GetArrayFromImage(read_labels(out / "lungs.seg.nrrd", load_schema("lungs"), study.ct))
    true = sitk.GetArrayViewFromImage(study.lungs)
    assert 2 * np.count_nonzero((found == true) & (true > 0)) > 0.9 * (
        np.count_nonzero(found) + np.count_nonzero(true)
    )
    zones = sitk.GetArrayFromImage(sitk.ReadImage(str(out / "zones.nii.gz")))
    assert ((zones > 0) == (found > 0)).all()
    with (out / "densitometry.csv").open() as file:
        assert [row["region"] for row in csv.DictReader(file)] == ["both_lungs", "right_lung", "left_lung"]
