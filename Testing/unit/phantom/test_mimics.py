"""What resembles a disease has its very densities, another structure, and no label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom import interstitial
from LungCAD.phantom.disease import TEXTURES, paint_disease, true_labels
from LungCAD.phantom.lesions import LungSpace, plan_lesions
from LungCAD.phantom.mimics import MIMICS
from LungCAD.phantom.population import AFFECTED_BY_MIMICS, plan_population
from LungCAD.phantom.scanner import scanner_blur, scanner_noise
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.phantom.textures import Site
from LungCAD.train.detection.phantoms import BENCHMARK

LTRC = load_schema("ltrc5")
SIDE = 64
DISEASES = {"filled_emphysema": "honeycombing", "nodular_haze": "reticulation"}


@pytest.fixture(scope="module")
def site():
    points = np.stack(np.indices((4, SIDE, SIDE)), -1).reshape(-1, 3) * [6.0, 0.8, 0.8]
    count = len(points)
    return Site(points, np.full(count, -870.0), np.full(count, 20.0), np.zeros(count), blur=0.5)


@pytest.mark.parametrize("mimic", sorted(MIMICS))
def test_a_mimic_has_the_densities_of_the_disease_elsewhere(site, mimic, monkeypatch):
    drawn, disease = [], getattr(interstitial, DISEASES[mimic])
    monkeypatch.setattr(
        interstitial, DISEASES[mimic], lambda *args: drawn.append(disease(*args)) or drawn[-1]
    )
    coarser = []
    for seed in range(8):
        hu = MIMICS[mimic](site, np.random.default_rng(seed))
        np.testing.assert_array_equal(np.sort(hu), np.sort(drawn[-1]))
        coarser.append(neighbours_alike(hu) - neighbours_alike(drawn[-1]))
    assert min(coarser) > 0.1, "lumps are coarser than lines and walls"


def test_after_the_scan_histograms_do_not_tell_mimic_and_disease():
    side, mm = 100, BENCHMARK.spacing
    points = np.stack(np.indices((2, side, side)), -1).reshape(-1, 3) * mm[::-1]
    fixed = np.full(len(points), -892.0), np.full(len(points), 20.0), np.zeros(len(points))
    site = Site(points, *fixed, blur=mm[0] / np.sqrt(12))

    def histogram(texture):
        counts = 0
        for seed in range(12):
            hu = texture(site, np.random.default_rng(seed)).reshape(2, side, side)
            scanned = scanner_blur(hu, mm, BENCHMARK.kernel)
            noise = scanner_noise(
                hu.shape, mm, BENCHMARK.noise, BENCHMARK.kernel, np.random.default_rng(seed)
            )
            counts = counts + np.histogram(scanned + noise, np.arange(-1100, 200, 20))[0]
        return counts / counts.sum()

    def apart(one, other):
        return 0.5 * np.abs(histogram(one) - histogram(other)).sum()

    for mimic, disease in DISEASES.items():
        assert apart(MIMICS[mimic], TEXTURES[disease]) < 0.1
    assert apart(TEXTURES["honeycombing"], TEXTURES["reticulation"]) > 0.25


def neighbours_alike(hu):
    """Pearson's correlation of pixels 1.6 mm apart."""
    plane = hu.reshape(4, SIDE, SIDE)
    return np.corrcoef(plane[:, :, 2:].ravel(), plane[:, :, :-2].ravel())[0, 1]


def test_patients_have_mimics_where_no_class_is_labelled():
    z, y, x = np.ogrid[:14, :40, :60]
    lungs = (((z - 7) / 7) ** 2 + ((y - 20) / 18) ** 2 + ((np.abs(x - 30) - 16) / 12) ** 2) < 1
    space = LungSpace.of(lungs.astype(np.uint8), (15.0, 5.0, 5.0))
    values = {label.code: label.value for label in LTRC.labels}
    patients = [
        plan_population(space, LTRC.codes, np.random.default_rng(seed), mimics=True) for seed in range(80)
    ]
    for mimic, affected in AFFECTED_BY_MIMICS.items():
        has = [any(lesion.code == mimic for lesion in lesions) for lesions in patients]
        assert np.mean(has) == pytest.approx(affected, abs=0.17)
    for lesions in patients[:20]:
        painted = true_labels(space, lesions, values).ravel()[space.index]
        for lesion in lesions:
            core = lesion.voxels[lesion.weight > 0.6]
            assert (painted[core] == values.get(lesion.code, 0)).all()
        if not any(lesion.code in MIMICS for lesion in lesions):
            assert painted.all()


def test_mimics_come_besides_the_diseases_that_a_patient_has():
    lungs = np.ones((8, 30, 30), np.uint8)
    space = LungSpace.of(lungs, (20.0, 6.0, 6.0))
    for seed in range(20):
        without, beside = (
            {
                lesion.code
                for lesion in plan_population(space, LTRC.codes, np.random.default_rng(seed), mimics)
            }
            for mimics in (False, True)
        )
        assert without == beside - set(MIMICS)


def test_only_who_is_asked_for_has_mimics():
    small = StudyParameters(size=(64, 56, 8), spacing=(5.2, 5.2, 32.0), schema="ltrc5", population=True)

    def unlabelled(seed, mimics):
        study = make_study(replace(small, seed=seed, mimics=mimics))
        labels, lungs = (sitk.GetArrayFromImage(image) for image in (study.labels, study.lungs))
        return int(((labels == 0) & (lungs > 0)).sum())

    assert max(unlabelled(seed, False) for seed in range(3)) == 0
    assert max(unlabelled(seed, True) for seed in range(6)) > 100
    with pytest.raises(InputError, match="are for a population"):
        replace(small, population=False, mimics=True)


def test_a_mimic_is_as_dense_as_the_disease_in_the_lung():
    hu, lungs = np.full((6, 50, 50), -870, np.float32), np.ones((6, 50, 50), np.uint8)
    space = LungSpace.of(lungs, (6.0, 1.0, 1.0))
    for mimic, disease in DISEASES.items():
        means = []
        for code in (mimic, disease):
            lesions = plan_lesions(space, {code: 0.6}, np.random.default_rng(2))
            painted = paint_disease(hu, space, lesions, (6.0, 1.0, 1.0), np.random.default_rng(2))
            means.append(painted[true_labels(space, lesions, {code: 1}) == 1].mean())
        assert means[0] == pytest.approx(means[1], abs=70)
