"""From labelled scans to slices of one lung: label volumes, reviewed cases, phantoms, painted scans."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

import LungCAD.train.ild.volumes as volumes
from LungCAD.errors import InputError
from LungCAD.images import image_like
from LungCAD.labels import load_schema
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.review.dataset import Case, Dataset
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.collecting import IGNORED, SliceCollector
from LungCAD.train.ild.loss import OUTSIDE, UNLABELLED
from LungCAD.train.ild.painted import UNPAINTED, RealLungs, own_disease, paint
from LungCAD.train.ild.phantoms import varied_study
from LungCAD.train.ild.volumes import label_volume_slices, reviewed_slices

SIX = load_schema("lungnet6")
INPUT = IldInput(margin_px=4, multiple_px=1)


def image(array, spacing=(0.8, 0.7, 5.0)):
    made = sitk.GetImageFromArray(array)
    made.SetSpacing(spacing)
    return made


def case(seed=0, shape=(4, 40, 60)):
    """CT, labels and lungs (z, y, x): a right and a left lung, all classes, a part of it unlabelled."""
    rng = np.random.default_rng(seed)
    lungs = np.zeros(shape, np.uint8)
    lungs[:, 8:32, 6:26], lungs[:, 10:30, 34:54] = 1, 2
    labels = (rng.integers(0, 7, shape) * (lungs > 0)).astype(np.uint8)
    labels[3] = 0
    hu = rng.integers(-1000, 100, shape).astype(np.int16)
    return tuple(map(image, (hu, labels, lungs)))


@pytest.fixture
def known_lungs(monkeypatch):
    monkeypatch.setattr(volumes, "segment_lungs", lambda ct: case()[2])


def test_targets_are_those_of_the_own_lung_alone():
    collector = SliceCollector(SIX, INPUT)
    ct, labels, lungs = case()
    collector.add(ct, labels, lungs, "p", thickness_mm=1.25)
    data = collector.done("a test", "none")
    assert len(data) == 6, "the last slice has no label"
    right, left = data.slices[:2]
    assert right.hu.shape == right.targets.shape == (32, 28)
    truth = sitk.GetArrayFromImage(labels)[0]
    assert np.array_equal(right.targets[4:-4, 4:-4], truth[8:32, 6:26].astype(int) - 1)
    assert (right.targets[:4] == OUTSIDE).all() and (left.targets[:, :4] == OUTSIDE).all()
    assert np.array_equal(right.hu, sitk.GetArrayFromImage(ct)[0, 4:36, 2:30])
    assert data.pixels.sum() == np.count_nonzero(truth_of(labels))
    assert data.input.pixel_mm == (0.7, 0.8) and data.input.thickness_mm == (1.25, 1.25)


def truth_of(labels):
    return sitk.GetArrayFromImage(labels)


def test_orientation_of_the_volume_does_not_matter():
    straight, turned = SliceCollector(SIX, INPUT), SliceCollector(SIX, INPUT)
    straight.add(*case(), "p")
    turned.add(*(sitk.DICOMOrient(sitk.Flip(i, (True, False, True)), "PIR") for i in case()), "p")
    first, second = (collector.done("a test", "none") for collector in (straight, turned))
    key = lambda one: one.hu.tobytes()  # noqa: E731
    for one, other in zip(sorted(first.slices, key=key), sorted(second.slices, key=key), strict=True):
        assert np.array_equal(one.hu, other.hu) and np.array_equal(one.targets, other.targets)


def test_what_no_class_is_for_takes_no_part():
    collector = SliceCollector(SIX, INPUT)
    meaning = {1: "healthy", 2: "ground_glass", 3: "fibrosis", 4: None, 5: "consolidation", 6: "honeycombing"}
    collector.add(*case(), "p", meaning=meaning, unlabelled=IGNORED)
    data = collector.done("a test", "none", require_all=False)
    truth = truth_of(case()[1])[0, 8:32, 6:26]
    targets = data.slices[0].targets[4:-4, 4:-4]
    assert (targets[(truth == 3) | (truth == 4)] == OUTSIDE).all()
    assert (targets[truth == 0] == UNLABELLED).all() and (targets[truth == 5] == 3).all()
    with pytest.raises(InputError, match="shows no micronodules, reticulation"):
        collector.done("a test", "none")


def test_nothing_labelled():
    with pytest.raises(InputError, match="no labelled slice"):
        SliceCollector(SIX, INPUT).done("a test", "none")


def write_pairs(folder, values=None, labels=None):
    ct, own, _ = case()
    sitk.WriteImage(ct, folder / "a.nrrd")
    sitk.WriteImage(own if labels is None else labels, folder / "a-labels.nrrd")
    (folder / "pairs.csv").write_text("image,labels,patient,licence\na.nrrd,a-labels.nrrd,p1,CC0\n")
    if values is not None:
        (folder / "values.json").write_text(json.dumps(values))


def test_label_volumes(tmp_path, known_lungs):
    write_pairs(tmp_path)
    data = label_volume_slices(tmp_path, SIX, INPUT)
    assert data.patients == ("p1",) and data.licence == "CC0"
    assert data.pixels.sum() == np.count_nonzero(truth_of(case()[1]))


def test_values_of_label_volumes(tmp_path, known_lungs):
    codes = SIX.codes
    swapped = {str(value): codes[-value] for value in range(1, 7)}
    write_pairs(tmp_path, swapped)
    counts = label_volume_slices(tmp_path, SIX, INPUT).pixels.sum(0)
    truth = np.bincount(truth_of(case()[1]).ravel())[1:]
    assert np.array_equal(counts, truth[::-1])
    said = (tmp_path / "values.json").read_bytes()
    (tmp_path / "values.json").write_bytes(b"\xef\xbb\xbf" + said)  # as some editors save text
    assert np.array_equal(label_volume_slices(tmp_path, SIX, INPUT).pixels.sum(0), counts)


@pytest.mark.parametrize(
    ("kind", "factor"), [(sitk.sitkFloat32, 1), (sitk.sitkFloat64, 100), (sitk.sitkInt16, -1)]
)
def test_values_of_any_type(tmp_path, known_lungs, kind, factor):
    """Many tools write labels as floats, some beyond a byte."""
    labels = sitk.Cast(case()[1], kind) * factor
    write_pairs(tmp_path, {str(factor * value): SIX.codes[value - 1] for value in range(1, 7)}, labels)
    data = label_volume_slices(tmp_path, SIX, INPUT)
    write_pairs(tmp_path)
    (tmp_path / "values.json").unlink()
    expected = label_volume_slices(tmp_path, SIX, INPUT)
    for one, other in zip(data.slices, expected.slices, strict=True):
        assert np.array_equal(one.targets, other.targets)


def test_labels_that_were_interpolated(tmp_path, known_lungs):
    write_pairs(tmp_path, labels=sitk.SmoothingRecursiveGaussian(case()[1], 1.0))
    with pytest.raises(InputError, match=r"holds the values .* \.\.\., of which .* whole numbers") as error:
        label_volume_slices(tmp_path, SIX, INPUT)
    assert len(str(error.value)) < 400 + len(str(tmp_path))


def test_several_values_per_voxel_are_no_labels(tmp_path, known_lungs):
    write_pairs(tmp_path, labels=sitk.Compose(case()[1], case()[1]))
    with pytest.raises(InputError, match="several values per voxel"):
        label_volume_slices(tmp_path, SIX, INPUT)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"1": "healthy"}, "holds the values 2, 3, 4, 5, 6"),
        ({"1": "helathy"}, "names helathy, which no schema knows"),
        ([1], "no table of values"),
    ],
)
def test_values_without_meaning(tmp_path, known_lungs, values, problem):
    write_pairs(tmp_path, values)
    with pytest.raises(InputError, match=problem):
        label_volume_slices(tmp_path, SIX, INPUT)


def test_label_volumes_of_another_geometry(tmp_path, known_lungs):
    labels = case()[1]
    labels.SetOrigin((3, 0, 0))
    write_pairs(tmp_path, labels=labels)
    with pytest.raises(InputError, match="another geometry"):
        label_volume_slices(tmp_path, SIX, INPUT)
    (tmp_path / "a-labels.nrrd").unlink()
    with pytest.raises(InputError, match="does not exist"):
        label_volume_slices(tmp_path, SIX, INPUT)
    (tmp_path / "pairs.csv").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        label_volume_slices(tmp_path, SIX, INPUT)


def write_dataset(folder, schema):
    ct, labels, _ = case()
    values = sitk.GetArrayFromImage(labels)
    values[1] = 255  # a slice that nobody accepted
    about = {"axis": 0, "accepted": (0, 2), "reviewers": ("r",), "ledger": "", "model": "", "parameters": ""}
    one = Case(id="c1", patient="p1", licence="CC0", counts={}, **about)
    for name, content in (("images", ct), ("labels", image_like(values, labels))):
        (folder / name).mkdir()
        sitk.WriteImage(content, folder / name / "c1.nrrd")
    (folder / "dataset.json").write_text(Dataset(folder, schema, (one,)).to_json())


def test_reviewed_cases(tmp_path, known_lungs):
    write_dataset(tmp_path, SIX)
    data = reviewed_slices(tmp_path, SIX, INPUT)
    assert len(data) == 4 and data.patients == ("p1",) and data.licence == "CC0"
    with pytest.raises(InputError, match="labels consolidation"):
        reviewed_slices(tmp_path, load_schema("gao5"), INPUT)


def test_a_scan_without_lung_is_named(tmp_path, monkeypatch):
    def find(ct):
        raise InputError("CT", "shows no aerated lung", "Give a chest CT")

    monkeypatch.setattr(volumes, "segment_lungs", find)
    write_pairs(tmp_path)
    with pytest.raises(InputError, match=r"a\.nrrd: shows no aerated lung\. Give"):
        label_volume_slices(tmp_path, SIX, INPUT)
    write_dataset(tmp_path, SIX)
    with pytest.raises(InputError, match=r"c1\.nrrd: shows no aerated lung\. Give"):
        reviewed_slices(tmp_path, SIX, INPUT)


def test_studies_to_learn_from_differ():
    studies = [varied_study(seed, "lungnet6") for seed in range(60)]
    assert {study.kernel for study in studies} == {"sharp", "standard", "soft"}
    pixels = np.array([study.spacing[0] for study in studies])
    assert 0.6 <= pixels.min() < 0.65 and 0.88 < pixels.max() <= 0.95
    assert sum(not study.disease for study in studies) >= 2 and sum(study.sham for study in studies) >= 2
    assert varied_study(3, "gao5") == varied_study(3, "gao5")


@pytest.fixture(scope="module")
def real():
    """A healthy phantom in the place of a patient, with a mass in one lung."""
    grid = {"size": (110, 92, 24), "spacing": (3.1, 3.1, 10.0), "thickness": None}
    study = make_study(StudyParameters(seed=4, disease=False, noise=5, **grid))
    hu, lungs = (sitk.GetArrayFromImage(i) for i in (study.ct, study.lungs))
    z, y, x = (int(np.median(axis)) for axis in np.nonzero(lungs == 1))
    hu[z - 1 : z + 2, y - 5 : y + 6, x - 5 : x + 6] = 40
    own = own_disease(hu, lungs > 0, (10.0, 3.1, 3.1))
    assert own[z, y, x] and own.mean() < 0.02
    return RealLungs("real-1", image_like(hu, study.ct), study.lungs, own, 10.0)


def test_slices_kept_apart_are_never_painted(real):
    learned, apart = real.slices(True), real.slices(False)
    assert len(apart) and not set(learned) & set(apart)
    shown = np.flatnonzero((sitk.GetArrayFromImage(real.lungs) > 0).any((1, 2)))
    assert sorted([*learned, *apart]) == shown.tolist()


def test_painted_lungs(real):
    before = sitk.GetArrayFromImage(real.ct)
    for number in range(UNPAINTED):
        ct, labels, lungs = paint(real, "lungnet6", 0, number)
        values, inside = sitk.GetArrayFromImage(labels), sitk.GetArrayFromImage(lungs) > 0
        assert ((values > 0) == inside).all()
        planes = {plane.tobytes(): z for z, plane in enumerate(before)}
        same = [planes.get(plane.tobytes()) for plane in sitk.GetArrayFromImage(ct)]
        found = set(np.unique(values)) - {0, IGNORED}
        if number == UNPAINTED - 1:
            assert found == {1} and None not in same
            z = same[int(np.argmax((values == IGNORED).sum((1, 2))))]
            assert real.own[z].any() or not (values == IGNORED).any()
        elif number == UNPAINTED - 2:
            assert found == {1}, "healthy tissue painted as disease is"
        else:
            assert len(found) > 3
