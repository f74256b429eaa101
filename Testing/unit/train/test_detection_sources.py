"""Slices from phantoms, painted patients and reviews; how hard the benchmark is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import write_image
from LungCAD.labels import load_schema
from LungCAD.parallel import default_processes
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.review.dataset import Case, Dataset, image_path, labels_path
from LungCAD.train.detection.difficulty import (
    PREVALENCE,
    SliceHistograms,
    histogram_auc,
    measure_difficulty,
    near_threshold,
    slice_histograms,
)
from LungCAD.train.detection.painted import painted_slices
from LungCAD.train.detection.phantoms import (
    BENCHMARK_SEED,
    FIRST_SEED,
    benchmark_study,
    phantom_slices,
    varied_study,
    with_gaps,
    with_mimics,
)
from LungCAD.train.detection.reviewed import reviewed_slices
from LungCAD.train.ild.painted import RealLungs

SMALL = StudyParameters(size=(72, 60, 6), spacing=(4.8, 4.8, 40.0), schema="ltrc5", population=True)


def small(seed):
    return replace(SMALL, seed=seed)


def export(folder, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), accepted=(1, 3), axis=0, schema="ltrc5"):
    """Write a reviewed dataset of one case: ground glass in a square of every slice."""
    ct = np.full((5, 100, 120), -1000, np.int16)
    ct[:, 10:90, 10:110] = 40
    labels = np.zeros(ct.shape, np.uint8)
    ct[:, 30:70, 20:100], labels[:, 30:70, 20:100] = -850, 255
    labels[list(accepted), 30:70, 20:100] = 1
    for number in range(5):
        labels[number, 30 : 40 + number, 20:40][labels[number, 30 : 40 + number, 20:40] == 1] = 2
    case = Case("case-1", "patient-1", "CC0", axis, accepted, ("r",), "0" * 64, "none", "0" * 64, {})
    dataset = Dataset(folder, replace(load_schema(schema), ignore_value=255), (case,))
    for path, array in ((image_path(folder, "case-1"), ct), (labels_path(folder, "case-1"), labels)):
        path.parent.mkdir(exist_ok=True)
        image = sitk.GetImageFromArray(array)
        image.SetSpacing((2.4, 2.4, 10.0))
        image.SetDirection(direction)
        sitk.WriteImage(image, str(path))
    (folder / "dataset.json").write_text(dataset.to_json())
    return folder


# Phantoms


def test_training_and_benchmark_never_share_a_patient():
    assert BENCHMARK_SEED - FIRST_SEED >= 10_000


@pytest.mark.parametrize("gap_mm", [0.0, -5.0, 0.4, 400.0])
def test_gaps_that_leave_no_slice_are_refused(gap_mm):
    with pytest.raises(InputError, match="--gap: is"):
        with_gaps(varied_study, gap_mm, 3)


def test_varied_studies_differ_and_repeat():
    studies = [varied_study(seed) for seed in range(FIRST_SEED, FIRST_SEED + 40)]
    assert studies == [varied_study(seed) for seed in range(FIRST_SEED, FIRST_SEED + 40)]
    assert len({study.spacing for study in studies}) == 40
    assert {study.kernel for study in studies} == {"sharp", "standard", "soft"}
    assert all(study.thickness <= study.spacing[2] for study in studies)
    assert benchmark_study(3).seed == 3


def test_phantom_slices_carry_their_truth(monkeypatch):
    monkeypatch.setattr("LungCAD.tasks.detection_input.COARSEST_PIXEL_MM", 6.0)
    first, second = phantom_slices([5, 6], small)
    assert (first.patients[0], second.patients[0]) == ("phantom-5", "phantom-6")
    assert first.synthetic
    assert first.cells.shape == (6, 6, 13, 13)
    assert first.areas.shape == (6, 4)
    assert not first.cells[:, -1].any()
    assert first.gap_mm.tolist() == [0, 40, 40, 40, 40, 40]
    assert first.source == second.source == "2 synthetic patients, seeds 5 to 6, one slice in 40 mm"
    mimicked = list(phantom_slices(range(5, 9), partial(with_mimics, small)))
    assert any(one.cells[:, -1].any() for one in mimicked)
    assert mimicked[0].source == "4 synthetic patients with mimics, seeds 5 to 8, one slice in 40 mm"


def test_patients_of_many_scanners_have_no_gap_in_common(monkeypatch):
    monkeypatch.setattr("LungCAD.tasks.detection_input.COARSEST_PIXEL_MM", 6.0)
    first, _ = phantom_slices([5, 6], lambda seed: replace(small(seed), spacing=(6.0, 6.0, 35.0 + seed)))
    assert first.source == "2 synthetic patients, seeds 5 to 6"


@pytest.mark.parametrize(
    "read", [lambda path: list(painted_slices(path, [1], "real-1")), lambda path: RealLungs.read(path, "a")]
)
def test_a_scan_without_lungs_is_named(tmp_path, read):
    """One of several that were given."""
    body = np.full((4, 60, 60), -1000, np.int16)
    body[:, 10:50, 10:50] = 40
    write_image(sitk.GetImageFromArray(body), tmp_path / "abdomen.nii.gz")
    with pytest.raises(InputError, match=r"abdomen\.nii\.gz: shows no aerated lung"):
        read(tmp_path / "abdomen.nii.gz")


@pytest.mark.slow
def test_disease_is_painted_into_a_scan(tmp_path):
    study = make_study(StudyParameters(size=(230, 192, 20), spacing=(1.5, 1.5, 14.0), disease=False))
    write_image(study.ct, tmp_path / "chest.nii.gz")
    first, second = painted_slices(tmp_path / "chest.nii.gz", [1, 2], "real-1", "CC0", mimics=True)
    assert first.cells[:, -1].any() or second.cells[:, -1].any()
    assert first.source == "disease and mimics painted into the CT of real-1 in 2 ways"
    assert len(first) == 20
    assert first.patients[0] == second.patients[0] == "real-1"
    assert not np.array_equal(first.areas, second.areas)


# Reviews


def test_accepted_slices_are_taken(tmp_path):
    (found,) = reviewed_slices(export(tmp_path))
    np.testing.assert_allclose(found.areas[:, 0], [11 * 20 * 5.76, 13 * 20 * 5.76], rtol=1e-6)
    assert (found.patients[0], found.licence) == ("patient-1", "CC0")
    assert found.source == "1 reviewed scans of 1 patients"
    assert found.gap_mm is None  # what other slices show is not known, nor what the scan has


def test_accepted_slices_of_a_scan_stored_from_the_head(tmp_path):
    (found,) = reviewed_slices(export(tmp_path, (1, 0, 0, 0, -1, 0, 0, 0, -1), accepted=(0, 3)))
    np.testing.assert_allclose(found.areas[:, 0], [13 * 20 * 5.76, 10 * 20 * 5.76], rtol=1e-6)


def test_a_review_of_other_slices_is_refused(tmp_path):
    with pytest.raises(InputError, match="axial"):
        list(reviewed_slices(export(tmp_path, axis=1)))


def test_a_review_with_another_schema_is_refused(tmp_path):
    with pytest.raises(InputError, match="reticulation"):
        list(reviewed_slices(export(tmp_path, schema="gao5")))


def test_a_review_without_accepted_slices_is_refused(tmp_path):
    with pytest.raises(InputError, match="no accepted"):
        list(reviewed_slices(export(tmp_path, accepted=())))


# Difficulty


def histograms(count, seed, told, prevalence=PREVALENCE, areas=(2950, 6000)):
    """Histograms whose first bins tell of so many diseases; positives have an area between these, in mm2."""
    rng = np.random.default_rng(seed)
    areas = np.where(rng.random((count, 4)) < prevalence, rng.uniform(*areas, (count, 4)), 0)
    bins = rng.random((count, 8))
    bins[:, :told] += 3 * (areas[:, :told] >= 2940)
    return SliceHistograms(bins, areas.astype(np.float32), np.arange(count) // 10)


def test_what_a_histogram_tells_is_found():
    auc = histogram_auc(histograms(600, 0, told=2), histograms(600, 1, told=2), 2940.0)
    assert auc[:2].min() > 0.95
    assert auc[2:].max() < 0.65


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({"told": 1}, True),
        ({"told": 4}, False),
        ({"told": 1, "areas": (4000, 6000)}, False),
        ({"told": 1, "prevalence": (0.17, 0.085, 0.072, 0.45)}, False),
        ({"told": 1, "prevalence": (0.17, 0.085, 0.02, 0.15)}, False),
        ({"told": 1, "prevalence": (0.17, 0.085, 0.0, 0.15)}, False),
    ],
)
def test_the_gate(changes, passed):
    """It fails where density tells all, nothing is near the threshold, or a disease is too common or rare."""
    assert (
        measure_difficulty(histograms(900, 0, **changes), histograms(900, 1, **changes))["passed"] is passed
    )


def test_a_gate_without_disease_says_nothing():
    nothing = histograms(20, 0, told=0, prevalence=0)
    gate = measure_difficulty(nothing, nothing)
    assert (gate["passed"], gate["near_threshold"]) == (False, None)
    assert set(gate["histogram_auc"].values()) == {None}


@pytest.mark.slow
def test_the_benchmark_with_mimics_passes_the_gate():
    """On as many patients as README's numbers are of: with few, chance passes what should not pass."""
    learned, tested = (
        slice_histograms(range(first, first + 96), workers=default_processes(), mimics=True)
        for first in (FIRST_SEED, BENCHMARK_SEED)
    )
    gate = measure_difficulty(learned, tested)
    assert gate["passed"], gate


def test_positives_near_the_threshold():
    areas = np.array([[0, 2939], [2940, 3821], [3823, 9000]])
    assert near_threshold(areas, 2940.0) == pytest.approx(2 / 4)
