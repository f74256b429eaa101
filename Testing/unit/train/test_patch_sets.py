"""Patches from archives and phantoms; choosing among them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom.study import PhantomStudy, StudyParameters
from LungCAD.train.patches.npz import read_npz
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patches.phantoms import cut_phantoms

GAO = load_schema("gao5")


@pytest.fixture
def archive(tmp_path):
    """Write an archive with some entries changed; None takes one away."""
    rng = np.random.default_rng(0)

    def write(**changes):
        entries = {
            "hu": rng.integers(-1000, -600, (12, 20, 20)).astype(np.int16),
            "label": np.arange(12) % 3,
            "classes": np.array(["NT", "Fibrosis", "odd"]),
            "patient": np.repeat(["a", "b", "c"], 4),
        } | changes
        path = tmp_path / "patches.npz"
        np.savez(path, **{name: value for name, value in entries.items() if value is not None})
        return path

    return write


def test_classes_are_matched_renamed_and_left_out(archive):
    data = read_npz(archive(), GAO, {"NT": "healthy"})
    assert data.classes == ("healthy", "fibrosis")
    assert data.counts == {"healthy": 4, "fibrosis": 4}
    assert data.hu.dtype == np.int16
    assert data.source == "12 patches"
    assert len(set(data.patients)) == 3
    assert any("odd" in warning for warning in data.warnings)


def test_the_classes_stand_in_the_order_of_the_schema(archive):
    data = read_npz(archive(), GAO, {"odd": "healthy", "NT": "micronodules"})
    assert data.classes == ("healthy", "fibrosis", "micronodules")
    assert data.labels.tolist() == [2, 1, 0] * 4


def test_two_classes_may_become_one(archive):
    data = read_npz(archive(), GAO, {"NT": "healthy", "odd": "healthy"})
    assert data.counts == {"healthy": 8, "fibrosis": 4}


def test_without_patients_shared_pixels_keep_patches_together(archive):
    scan = np.random.default_rng(1).integers(-1000, -600, (20, 40)).astype(np.int16)
    hu = np.random.default_rng(2).integers(-1000, -600, (12, 20, 20)).astype(np.int16)
    hu[0], hu[7] = scan[:, :20], scan[:, 3:23]
    data = read_npz(archive(hu=hu, patient=None), GAO, {"NT": "healthy", "odd": "emphysema"})
    assert data.patients[0] == data.patients[7]
    assert len(set(data.patients)) == 11
    assert any("Patients are unknown" in warning for warning in data.warnings)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"label": None}, "lacks label"),
        ({"hu": np.zeros((12, 20, 21))}, "no square patches"),
        ({"hu": np.zeros((11, 20, 20))}, "other numbers"),
        ({"patient": np.arange(3)}, "other numbers"),
        ({"label": np.full(12, 3)}, "labels 3 to 3 for 3 classes"),
        ({"label": np.zeros(12)}, r"labels that are no whole numbers, one per patch \(label is float64"),
        ({"label": np.zeros((12, 1), int)}, r"no whole numbers, one per patch .*\(12, 1\)"),
        ({"hu": np.full((12, 20, 20), np.nan)}, "no Hounsfield units"),
        ({"hu": np.full((12, 20, 20), 1e6)}, "no Hounsfield units"),
        ({"classes": np.array(["x", "y", "z"])}, "0 classes"),
        ({"classes": np.array(["x", object()], object)}, "no archive of patches"),
    ],
)
def test_archives_that_cannot_be_used(archive, changes, problem):
    with pytest.raises(InputError, match=problem):
        read_npz(archive(**changes), GAO)


def test_files_that_are_no_archives(tmp_path):
    (tmp_path / "a.npz").write_text("hello")
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 not really")
    np.save(tmp_path / "c.npy", np.zeros(3))
    for name in ("a.npz", "b.npz", "c.npy"):
        with pytest.raises(InputError, match="no archive of patches"):
            read_npz(tmp_path / name, GAO)
    with pytest.raises(InputError, match="cannot be read"):
        read_npz(tmp_path / "nowhere.npz", GAO)


@pytest.mark.parametrize("renamed", [{"NT": "nonsense"}, {"XX": "healthy"}])
def test_names_that_do_not_exist(archive, renamed):
    with pytest.raises(InputError, match="is unknown"):
        read_npz(archive(), GAO, renamed)


def test_thinning_keeps_the_order_and_at_most_so_many_of_each(stripes):
    thin = stripes.thinned(2, seed=0)
    pairs = thin.patients * 3 + thin.labels
    assert np.bincount(pairs).tolist() == [2] * 24
    places = [np.flatnonzero((stripes.hu == patch).all((1, 2)))[0] for patch in thin.hu]
    assert places == sorted(places)
    assert np.array_equal(thin.hu, stripes.thinned(2, seed=0).hu)
    assert not np.array_equal(thin.hu, stripes.thinned(2, seed=1).hu)
    assert len(stripes.thinned(1000, seed=0)) == len(stripes)


def test_the_checksum_covers_pixels_labels_and_patients(stripes):
    changed = [
        dataclasses.replace(stripes, **{name: getattr(stripes, name)[::-1]})
        for name in ("hu", "labels", "patients")
    ]
    assert len({stripes.sha256, *(data.sha256 for data in changed)}) == 4


def test_one_class_is_nothing_to_learn():
    with pytest.raises(InputError, match="1 class of the schema"):
        PatchSet.of(np.zeros((3, 8, 8)), ["a"] * 3, [1, 2, 3], "ab", "patches")


def study(seed):
    labels = np.zeros((1, 40, 80), np.uint8)
    labels[:, :, :40], labels[:, :, 40:] = 1, 4
    hu = np.where(labels == 1, -850, -300).astype(np.int16) + seed
    images = [sitk.GetImageFromArray(array) for array in (hu, labels, labels)]
    return PhantomStudy(*images, parameters=StudyParameters(seed=seed))


def test_every_study_is_a_patient():
    data = cut_phantoms([study(3), study(8)], "gao5", 32, 16)
    assert data.classes == ("healthy", "fibrosis")
    assert data.synthetic
    for patch, label, patient in zip(data.hu, data.labels, data.patients, strict=True):
        assert (patch == (-850, -300)[label] + (3, 8)[patient]).all()


@pytest.mark.data
def test_real_patches_of_the_same_tissue_stay_together(real_data):
    renamed = {"NT": "healthy", **dict.fromkeys(("PS", "PL", "CL1", "CL2", "CL3"), "emphysema")}
    data = read_npz(real_data / "emphysema_patches" / "patches.npz", GAO, renamed)
    assert data.counts == {"healthy": 259, "emphysema": 678}
    assert len(set(data.patients)) == 921
    assert data.patch_px == 31
