"""Whole studies: their geometry, their truth, and that the benchmark holds what it promises."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom.anatomy import ThoraxParameters, make_thorax
from LungCAD.phantom.disease import true_labels
from LungCAD.phantom.lesions import LungSpace
from LungCAD.phantom.study import BENCHMARK, StudyParameters, make_study, plan_disease

SMALL = StudyParameters(size=(128, 108, 12), spacing=(2.7, 2.7, 22.0), thickness=1.25)


@pytest.fixture(scope="module")
def study():
    return make_study(SMALL)


def test_images_share_their_geometry(study):
    assert study.ct.GetSize() == SMALL.size
    assert study.ct.GetPixelID() == sitk.sitkInt16
    for image in (study.labels, study.lungs):
        assert image.GetPixelID() == sitk.sitkUInt8
        assert image.GetSize() == study.ct.GetSize()
        assert image.GetSpacing() == pytest.approx(SMALL.spacing)
        assert image.GetOrigin() == study.ct.GetOrigin()


def test_labels_fill_the_lung_and_nothing_else(study):
    labels, lungs = sitk.GetArrayFromImage(study.labels), sitk.GetArrayFromImage(study.lungs)
    assert np.array_equal(labels > 0, lungs > 0)
    assert set(np.unique(labels)) == {0, *load_schema("gao5").values}


def test_same_parameters_same_study(study):
    again = make_study(SMALL)
    other = make_study(replace(SMALL, seed=1))
    for name in ("ct", "labels", "lungs"):
        first, second = (sitk.GetArrayFromImage(getattr(s, name)) for s in (study, again))
        assert np.array_equal(first, second)
    assert not np.array_equal(sitk.GetArrayFromImage(study.ct), sitk.GetArrayFromImage(other.ct))


def test_sham_is_healthy_lung_in_the_same_patient(study):
    sham = make_study(replace(SMALL, sham=True))
    lungs = sitk.GetArrayFromImage(sham.lungs)
    assert np.array_equal(lungs, sitk.GetArrayFromImage(study.lungs))
    healthy = load_schema("gao5").by_code("healthy").value
    assert (sitk.GetArrayFromImage(sham.labels)[lungs > 0] == healthy).all()
    diseased = sitk.GetArrayFromImage(study.labels) > healthy
    hu = sitk.GetArrayFromImage(sham.ct)
    quiet = (lungs > 0) & ~diseased
    assert np.median(hu[diseased]) == pytest.approx(np.median(hu[quiet]), abs=15)


def test_varied_looks_are_of_micronodules_alone():
    changed = []
    for seed in range(3):
        plain, varied = (
            make_study(replace(SMALL, seed=seed, varied=codes)) for codes in ((), ("micronodules",))
        )
        labels = sitk.GetArrayFromImage(plain.labels)
        assert np.array_equal(labels, sitk.GetArrayFromImage(varied.labels))
        nodules = labels == load_schema("gao5").by_code("micronodules").value
        near = ndimage.binary_dilation(nodules, np.ones((1, 9, 9)))  # lesions fade, and the scanner blurs
        change = sitk.GetArrayFromImage(varied.ct).astype(int) - sitk.GetArrayFromImage(plain.ct)
        assert np.abs(change[~near]).max() < 30 and np.abs(change[~near]).mean() < 0.1
        changed.append(np.mean(np.abs(change[nodules]) > 30))
    assert max(changed) > 0.2


def test_what_looks_in_one_way_only_cannot_be_varied():
    with pytest.raises(InputError, match="consolidation"):
        replace(SMALL, varied=("consolidation",))


def test_without_disease_all_is_healthy():
    labels = sitk.GetArrayFromImage(make_study(replace(SMALL, disease=False)).labels)
    assert set(np.unique(labels)) == {0, 1}


def test_heavy_disease_leaves_a_quarter_healthy():
    study = make_study(replace(SMALL, heavy=True, schema="lungnet6"))
    labels = sitk.GetArrayFromImage(study.labels)
    healthy = np.mean(labels[labels > 0] == load_schema("lungnet6").by_code("healthy").value)
    assert 0.15 < healthy < 0.30


def test_aspergillosis_has_air_in_its_cavity_and_a_dense_ball():
    parameters = StudyParameters(size=(160, 134, 24), spacing=(2.2, 2.2, 11.0), thickness=1.25, schema="cpa3")
    study = make_study(parameters)
    hu, labels = sitk.GetArrayFromImage(study.ct), sitk.GetArrayFromImage(study.labels)
    schema = load_schema("cpa3")
    signs = {code: hu[labels == schema.by_code(code).value] for code in schema.codes}
    assert np.percentile(signs["cavity"], 25) < -900
    assert np.median(signs["fungus_ball"]) > -250
    assert np.median(signs["pleural_thickening"]) > -200


@pytest.mark.parametrize("schema", ["emphysema3", "ltrc5", "lungnet6"])
def test_every_schema_of_textures_is_painted_whole(schema):
    labels = sitk.GetArrayFromImage(make_study(replace(SMALL, schema=schema)).labels)
    assert set(load_schema(schema).values) <= set(np.unique(labels))


def test_bad_parameters():
    with pytest.raises(InputError, match="cxr_lungs"):
        StudyParameters(schema="cxr_lungs")
    with pytest.raises(InputError, match="noise"):
        StudyParameters(noise=-1)
    with pytest.raises(InputError, match="seed"):
        StudyParameters(seed=-1)


def promise_of(seed: int, size: tuple, spacing: tuple) -> tuple[dict[str, float], dict[str, int]]:
    """Return each class's share of the lung and its number of separate lesions."""
    schema = load_schema(BENCHMARK.schema)
    thorax = make_thorax(ThoraxParameters(size, spacing, seed, thickness=1.25))
    space = LungSpace.of(thorax.lungs, spacing[::-1])
    lesions = plan_disease(space, schema.codes, np.random.default_rng([seed, 7]).spawn(3)[0])
    labels = true_labels(space, lesions, {label.code: label.value for label in schema.labels})
    shares = {c.code: np.sum(labels == c.value) / len(space.index) for c in schema.labels}
    separate = {}
    for c in schema.labels:
        parts, count = ndimage.label(labels == c.value, np.ones((3, 3, 3)))
        separate[c.code] = int(
            np.sum(np.bincount(parts.ravel(), minlength=count + 1)[1:] >= 0.002 * len(space.index))
        )
    return shares, separate


def check_promise(seed: int, size: tuple, spacing: tuple) -> None:
    shares, separate = promise_of(seed, size, spacing)
    assert 0.40 <= shares.pop("healthy") <= 0.60, seed
    separate.pop("healthy")
    assert min(shares.values()) >= 0.05, (seed, shares)
    assert min(separate.values()) >= 4, (seed, separate)


@pytest.mark.parametrize("seed", [0, 1])
def test_benchmark_keeps_its_promise(seed):
    check_promise(seed, (128, 108, 40), (2.7, 2.7, 6.5))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_benchmark_keeps_its_promise_for_every_seed(seed):
    check_promise(seed, BENCHMARK.size, BENCHMARK.spacing)
