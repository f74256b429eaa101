"""Label propagation on two real chest CT with thick slices, from the regions in Testing/real_rois.

Nobody knows the truth here. The promises must hold, and what anyone can see: how large the lungs are about,
that most of them is healthy, and where the mass is. What is labelled where thick slices blur ribs and
diaphragm into the lung is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.images import read_ct, read_labels, read_txt_rois
from LungCAD.labels import Provenance, load_schema

ROIS = Path(__file__).resolve().parents[2] / "real_rois"
SCHEMA = load_schema("lungnet6")
HEALTHY = SCHEMA.by_code("healthy").value
RIGHT, LEFT = 1, 2


@dataclass(frozen=True)
class Series:
    """What is seen in a series.

    The volume of the lungs and the share of them that is healthy, each from and to; the lung that holds the
    mass, and a slice through it (z, counted from the feet) on which no disease is drawn.
    """

    folder: str
    lungs_ml: tuple[float, float]
    healthy: tuple[float, float]
    lung_with_mass: int
    mass_slice: int


SERIES = (
    Series("A0001_5mm_lung_kernel", (5300, 6000), (0.92, 0.99), LEFT, 48),
    Series("A0002_8mm_B70f", (2500, 3000), (0.90, 0.99), RIGHT, 14),
)


@dataclass(frozen=True, repr=False)
class Outcome:
    """Arrays (z, y, x) of what `lungcad propagate` wrote, and the report."""

    series: Series
    voxel_ml: float
    drawn: np.ndarray
    labels: np.ndarray
    lungs: np.ndarray
    provenance: np.ndarray
    report: str


@pytest.fixture(scope="module", params=SERIES, ids=lambda series: series.folder)
def outcome(request, real_data, tmp_path_factory):
    series, out = request.param, tmp_path_factory.mktemp("real") / "out"
    ct, rois = real_data / "ct_dicom" / series.folder, ROIS / f"{series.folder}.txt"
    words = ["propagate", str(ct), "--rois", str(rois), "--schema", SCHEMA.name, "-o", str(out), "--quiet"]
    assert main(words) == 0
    image = read_ct(ct).image

    def array(labels):
        return sitk.GetArrayFromImage(labels)

    return Outcome(
        series=series,
        voxel_ml=float(np.prod(image.GetSpacing())) / 1000,
        drawn=array(read_txt_rois(rois, image, SCHEMA)),
        labels=array(read_labels(out / "labels.seg.nrrd", SCHEMA, image)),
        lungs=array(read_labels(out / "lungs.seg.nrrd", load_schema("lungs"), image)),
        provenance=array(sitk.ReadImage(str(out / "provenance.nii.gz"))),
        report=(out / "report.html").read_text(encoding="utf-8"),
    )


pytestmark = [pytest.mark.data, pytest.mark.slow]


def test_what_was_drawn_is_kept(outcome):
    drawn = outcome.drawn > 0
    assert (outcome.labels[drawn] == outcome.drawn[drawn]).all()
    assert ((outcome.provenance == Provenance.DRAWN) == drawn).all()


def test_nothing_outside_the_lungs_is_labelled(outcome):
    assert not outcome.labels[outcome.lungs == 0].any()
    assert not outcome.provenance[outcome.lungs == 0].any()


def test_only_drawn_classes_are_assigned(outcome):
    assert set(np.unique(outcome.labels)) - {0} == set(np.unique(outcome.drawn)) - {0}


def test_the_drawing_is_sparse(outcome):
    assert np.count_nonzero(outcome.drawn) <= 0.02 * np.count_nonzero(outcome.lungs)


def test_the_lungs_are_as_large_as_they_look(outcome):
    low, high = outcome.series.lungs_ml
    assert low <= np.count_nonzero(outcome.lungs) * outcome.voxel_ml <= high


def test_most_of_the_lung_is_healthy(outcome):
    low, high = outcome.series.healthy
    inside = outcome.labels[outcome.lungs > 0]
    assert low <= np.count_nonzero(inside == HEALTHY) / len(inside) <= high


def test_the_mass_is_found_on_a_slice_where_it_is_not_drawn(outcome):
    z, series = outcome.series.mass_slice, outcome.series
    drawn, labels, lungs = outcome.drawn[z], outcome.labels[z], outcome.lungs[z]
    assert set(np.unique(drawn)) <= {0, HEALTHY}
    diseased = (labels > 0) & (labels != HEALTHY)
    here, there = (
        diseased[lungs == series.lung_with_mass],
        diseased[lungs == RIGHT + LEFT - series.lung_with_mass],
    )
    assert here.mean() >= 0.05
    assert there.mean() <= here.mean() / 5


def test_the_report_says_what_thick_slices_and_a_sharp_kernel_do(outcome):
    assert "mm thick" in outcome.report
    assert "is sharp" in outcome.report
