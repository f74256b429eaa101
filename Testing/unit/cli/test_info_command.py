"""`lungcad info` as a user runs it."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.images import write_image

CORONAL = (1, 0, 0, 0, 0, 1, 0, -1, 0)


@pytest.fixture
def stored(tmp_path):
    """Write a CT with the given spacing and direction; return the command for it."""

    def store(spacing, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
        chest = np.random.default_rng(0).integers(-1000, 200, (6, 7, 8))
        image = sitk.GetImageFromArray(chest.astype(np.int16))
        image.SetSpacing(spacing)
        image.SetDirection(direction)
        write_image(image, tmp_path / "ct.nii.gz")
        return ["info", str(tmp_path / "ct.nii.gz")]

    return store


@pytest.mark.parametrize(("spacing", "thick"), [((0.7, 0.7, 1.0), False), ((0.7, 0.7, 5.0), True)])
def test_says_before_drawing_what_the_densitometry_will_doubt(stored, capsys, spacing, thick):
    assert main(stored(spacing)) == 0
    page = capsys.readouterr().out
    assert "fit for use" in page
    assert "kernel is unknown" in page
    assert ("5 mm thick" in page) == thick


def test_follows_the_patient_where_slices_are_stored_along_another_axis(stored, capsys):
    assert main(stored((0.7, 5.0, 0.7), CORONAL)) == 0
    assert "5 mm thick" in capsys.readouterr().out


def test_what_is_no_ct_gets_no_cautions(tmp_path, capsys):
    (tmp_path / "notes.nii.gz").write_text("no image")
    assert main(["info", str(tmp_path / "notes.nii.gz")]) == 2
    assert "caution" not in capsys.readouterr().out
