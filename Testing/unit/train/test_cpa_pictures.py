"""What networks on projections learn from: which there are, cases, splits, variation, levels, answers."""

from __future__ import annotations

import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import InputError
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.phantom.aspergillosis_study import VERSION, AspergillosisParameters, make_aspergillosis
from LungCAD.tasks.cpa.picture_input import LARGEST, PictureInput
from LungCAD.tasks.cpa_projections import AXES, ProjectionVolume, project
from LungCAD.train.cpa import phantoms
from LungCAD.train.cpa.cases import read_case
from LungCAD.train.cpa.learner import CpaLearner
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.pictures import PictureSet, pictures_of
from LungCAD.train.cpa.plans import Plan, chosen_plans, published_plans
from LungCAD.train.cpa.scores import answers
from LungCAD.train.cpa.splitting import balanced, split_by_patient
from LungCAD.train.cpa.variation import varied
from Testing.unit.train.cpa_cases import made_case


def test_phantoms_are_learned_as_scans_are_read(tmp_path, monkeypatch):
    """On the published grid, like everything that is read: a phantom's own voxels look otherwise."""
    small = AspergillosisParameters((48, 48, 36), 4, 1, uniform=True)
    monkeypatch.setattr(phantoms, "_size", lambda seed: small.size)
    for version in ("", VERSION - 1):
        (tmp_path / f"phantom{version}-u4-0.npz").write_bytes(b"made by another version, not to be read")
    monkeypatch.setattr(phantoms, "of_another_scanner", lambda ct, rng: ct)
    cases = phantoms.phantom_cases([small.seed], tmp_path, True, small.studies)
    assert {case.patient for case in cases} == {"thorax-4"}
    study, case = next(make_aspergillosis(small)), cases[0]
    np.testing.assert_array_equal(case.signs, study.signs)
    read = project(ProjectionVolume.of(study.ct).with_aerated())
    for axis in AXES:
        np.testing.assert_allclose(case.whole[axis][0] / 255, read.whole[axis], atol=0.5 / 255 + 1e-6)
        np.testing.assert_allclose(case.regions[axis][0] / 255, read.regions[axis], atol=0.5 / 255 + 1e-6)
        np.testing.assert_allclose(case.shares[axis][0] / 255, read.shares[axis], atol=0.5 / 255 + 1e-6)
    more = phantoms.phantom_cases([small.seed], tmp_path, True, studies=2)
    assert [each.name for each in more] == [case.name, f"phantom{VERSION}-u4-1"]
    np.testing.assert_array_equal(more[0].signs, study.signs)  # further studies change none before


def test_scanners_of_training_phantoms_differ():
    sizes = {phantoms._size(seed) for seed in range(40)}
    assert len({z for _, _, z in sizes}) > 5 and len({x for x, _, _ in sizes}) == 3
    for size in sizes:
        AspergillosisParameters(size)  # refuses what has no six regions


def test_scans_of_other_scanners_have_thicker_slices_and_noise():
    ct = sitk.GetImageFromArray(np.arange(36, dtype=np.int16)[:, None, None] * np.ones((1, 64, 64), np.int16))
    ct.SetSpacing((1.5, 1.5, 2.0))
    ct.SetOrigin((5, 6, 7))
    thick, noise = set(), []
    for seed in range(30):
        scan = phantoms.of_another_scanner(ct, np.random.default_rng(seed))
        merged = round(scan.GetSpacing()[2] / 2.0)
        thick.add(merged)
        assert scan.GetSize() == (64, 64, 36 // merged)
        assert scan.GetOrigin()[2] == pytest.approx(7 + merged - 1)  # the middle of the first slices
        hu = sitk.GetArrayFromImage(scan)
        expected = np.arange(36).reshape(-1, merged).mean(1)
        np.testing.assert_allclose(hu.mean((1, 2)), expected, atol=4)
        noise.append(hu.std(axis=(1, 2)).mean())
    assert thick == {1, 2, 3}
    assert min(noise) < 10 and 45 < max(noise) < 65


def test_signs_of_the_cohort_are_seen_as_the_benchmark_sees_them(tmp_path, monkeypatch):
    monkeypatch.setattr(phantoms, "_size", lambda seed: (48, 48, 36))
    monkeypatch.setattr(phantoms, "of_another_scanner", None)
    (case,) = phantoms.phantom_cases([4], tmp_path, False, 1)
    assert case.name == f"phantom{VERSION}-c4-0"


def test_eighteen_networks_make_the_paper():
    names = [name for plan in published_plans() for name in plan.names]
    assert len(names) == len(set(names)) == 18
    assert {"cpa-disease-axial", "cpa-disease-axial-inception_v3", "cpa-cavity-sagittal"} <= set(names)
    together = [name for plan in published_plans(together=True) for name in plan.names]
    assert sorted(together) == sorted(names)


def test_words_choose_among_them():
    chosen = chosen_plans(published_plans(), ["cavity", "disease", "axial"])
    assert [plan.names[0] for plan in chosen] == [
        "cpa-disease-axial",
        "cpa-disease-axial-inception_v3",
        "cpa-cavity-axial",
    ]
    (together,) = chosen_plans(published_plans(together=True), ["cavity", "fungus_ball", "axial"])
    assert together.tasks == ("cavity", "fungus_ball")
    with pytest.raises(InputError, match="axiall"):
        chosen_plans(published_plans(), ["axiall"])
    with pytest.raises(InputError, match="leaves no network"):
        chosen_plans(published_plans(), ["cavity", "inception_v3"])


def test_survival_in_inception_makes_twenty_one():
    every = ["disease", "survival", *SIGNS, "vgg19", "inception_v3"]
    names = [name for plan in chosen_plans(published_plans(), every) for name in plan.names]
    assert len(names) == len(set(names)) == 21
    for axis in AXES:  # after the network that it goes on from
        first, then = (names.index(f"cpa-{task}-{axis}-inception_v3") for task in ("disease", "survival"))
        assert first < then
    (alone,) = chosen_plans(published_plans(), ["survival", "inception_v3", "axial"])
    assert alone.names == ("cpa-survival-axial-inception_v3",)
    assert len(chosen_plans(published_plans(), ["inception_v3"])) == 3


def test_the_defaults_are_the_published_recipe():
    p = CpaTrainingParameters()
    assert (p.optimizer, p.learning_rate, p.batch, p.turn, p.zoom) == ("sgd", 1e-4, 32, 20.0, 0.2)
    assert [p.epochs_for(plan) for plan in published_plans()[::3]] == [60, 60, 20, 270, 270, 270]
    vgg, inception = (Plan(("disease",), "axial", name) for name in ("vgg19", "inception_v3"))
    assert (p.input_for(vgg).side, p.input_for(inception).side) == (224, 299)
    assert (p.width, p.head, p.pools) == (1.0, "flat", 5)


def test_cases_are_kept_in_files(cases, tmp_path):
    cases[3].write(tmp_path / "case.npz")
    back = read_case(tmp_path / "case.npz")
    assert (back.name, back.patient, back.disease, back.survival) == ("scan3", "patient1", 1, 1)
    for axis in AXES:
        np.testing.assert_array_equal(back.regions[axis], cases[3].regions[axis])
        np.testing.assert_array_equal(back.shares[axis], cases[3].shares[axis])
    (tmp_path / "other.npz").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(InputError, match="no projections"):
        read_case(tmp_path / "other.npz")


def test_a_cohort_is_not_held_in_memory(cases, tmp_path):
    """Only the pictures that a network learns from are read: no other direction, no shares, no whole scan."""
    cases = cases[:6]
    paths = [tmp_path / f"{case.name}.npz" for case in cases]
    large = {axis: np.zeros((4, 6, 3, 60, 60), np.uint8) for axis in AXES}
    for case, path in zip(cases, paths, strict=True):
        replace(case, regions=large, shares=large).write(path)
    regions = len(cases) * large["axial"].nbytes
    tracemalloc.start()
    kept = list(map(read_case, paths))
    _, reading = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    pictures = pictures_of(kept, Plan(("cavity",), "axial"))
    _, learning = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pictures.pictures.nbytes == regions
    assert reading < 0.5 * regions
    assert learning < 2.5 * regions  # joined once


def test_whole_scans_within_two_masks_are_not_mixed(cases, tmp_path):
    """Files from before whole scans had a mask of their own serve signs as ever, but not disease."""
    path, older = tmp_path / "case.npz", tmp_path / "older.npz"
    cases[3].write(path)
    with np.load(path) as data:
        np.savez_compressed(older, **{name: data[name] for name in data if name != "whole"})
    new, old = (read_case(each) for each in (path, older))
    signs, disease = Plan(("cavity",), "axial"), Plan(("disease",), "axial")
    np.testing.assert_array_equal(pictures_of([old], signs).pictures, pictures_of([new], signs).pictures)
    assert len(pictures_of([new], disease)) == 2
    with pytest.raises(InputError, match=r"older.npz.*another mask.*Delete it"):
        pictures_of([old], disease)


def test_a_broken_file_of_projections_is_named(cases, tmp_path):
    path = tmp_path / "case.npz"
    cases[0].write(path)
    with zipfile.ZipFile(path) as archive:
        broken = archive.getinfo("shares_axial.npy").header_offset + 200
    content = bytearray(path.read_bytes())
    content[broken : broken + 50] = bytes(50)
    path.write_bytes(content)
    case = read_case(path)
    assert len(pictures_of([case], Plan(("cavity",), "axial"))) == 12
    with pytest.raises(InputError, match=r"case.npz.*Delete it"):
        pictures_of([case], Plan(("cavity",), "axial"), shares=True)


def test_pictures_of_regions_keep_their_own_ticks(cases):
    pictures = pictures_of(cases, Plan(("fungus_ball",), "coronal"))
    assert len(pictures) == 24 * 2 * 6
    case = cases[5]
    for index in np.flatnonzero(pictures.subjects == "scan5 left_upper"):
        assert pictures.labels[index, 0] == case.signs[3, 1]
        assert any((pictures.pictures[index] == case.regions["coronal"][turn, 3]).all() for turn in (0, 1))


def test_what_is_unknown_is_left_out(cases):
    signs = np.full((6, 3), -1)
    signs[0, 0] = 0
    blank = replace(cases[0], signs=signs.astype(np.int8), survival=-1)
    assert len(pictures_of([blank], Plan(("cavity",), "axial"))) == 2
    assert len(pictures_of([blank], Plan(("survival",), "axial"))) == 0


def test_no_patient_is_on_two_sides(cases):
    split = split_by_patient(cases, CpaTrainingParameters(test=0.25, validation=0.25))
    groups = [{case.patient for case in part} for part in split]
    assert [len(group) for group in groups] == [4, 2, 2]
    assert len(set.union(*groups)) == 8
    assert sum(map(len, split)) == len(cases)
    with pytest.raises(InputError, match="At least 3"):
        split_by_patient(cases[:4], CpaTrainingParameters())


def test_balanced_has_as_many_of_either(cases):
    pictures = pictures_of(cases, Plan(("cavity",), "axial"))
    even = balanced(pictures, 0)
    assert (
        (even.labels == 1).sum()
        == (even.labels == 0).sum()
        == min((pictures.labels == v).sum() for v in (0, 1))
    )
    np.testing.assert_array_equal(even.subjects, balanced(pictures, 0).subjects)
    assert set(even.subjects) != set(balanced(pictures, 1).subjects)


def test_variation_turns_about_the_middle_without_shearing():
    pictures = torch.zeros(64, 1, 60, 30)
    pictures[:, :, 20:40, 10:20] = 1
    choices = CpaTrainingParameters(turn=20.0, zoom=0.0)
    torch.manual_seed(0)
    turned = varied(pictures, choices)
    assert turned.sum((1, 2, 3)).numpy() == pytest.approx(200, abs=3)  # a turn keeps the area
    rows, columns = torch.meshgrid(torch.arange(60) - 29.5, torch.arange(30) - 14.5, indexing="ij")
    area = turned.sum((2, 3))
    moments = [(turned * m).sum((2, 3)) / area for m in (rows**2, columns**2, rows * columns)]
    trace = moments[0] + moments[1]
    determinant = moments[0] * moments[1] - moments[2] ** 2
    assert trace.numpy() == pytest.approx(float(trace.mean()), rel=0.03)
    assert determinant.numpy() == pytest.approx(float(determinant.mean()), rel=0.06)
    angle = 0.5 * torch.atan2(2 * moments[2], moments[0] - moments[1]) * 180 / torch.pi
    assert 15 < angle.max() <= 20.5
    assert -20.5 <= angle.min() < -15


class Recorder(torch.nn.Module):
    """Keeps what a network is shown."""

    def forward(self, images):
        self.shown = images
        return torch.zeros(len(images), 2)


@pytest.mark.parametrize("empty", [0.0, -2.0])
def test_variation_mixes_no_empty_rays_into_the_levels_of_lung(empty):
    dots = (torch.rand(8, 3, 40, 40, generator=torch.Generator().manual_seed(0)) < 0.5) * 200
    network = Recorder()
    choices = CpaTrainingParameters(side=40, standardise=True, empty=empty)
    learner = CpaLearner(network, choices.input_for(Plan(("cavity",), "axial")), choices)
    labels = torch.zeros(8, 1, dtype=torch.int8)
    learner.training_step((dots.to(torch.uint8), labels, torch.ones(8, 1)), 0)
    # All rays through lung are alike, at 0; nothing lies beyond them and the empty rays.
    assert empty - 1e-3 < network.shown.min() <= 0.5 * empty + 1e-3 and network.shown.max() < 1e-3


def test_a_single_odd_ray_does_not_drown_the_others():
    even = torch.full((1, 1, 40, 40), 0.9)
    even[0, 0, 20, 20] = 0.1
    levels = PictureInput(40, standardise=True).levels(even)
    assert levels[0, 0, 20, 20] == -LARGEST
    assert levels.abs().max() == LARGEST


def test_standardised_pictures_can_show_where_there_is_nothing():
    band = torch.zeros(1, 3, 40, 40)
    band[0, 2, :, :8] = torch.linspace(0.2, 0.6, 8)
    levels = PictureInput(40, standardise=True, empty=-2.0).levels(band)[0]
    assert (levels[:2] == -2).all() and (levels[2, :, 8:] == -2).all()
    seen = levels[2, :, :8]
    assert abs(seen.mean()) < 1e-5 and seen.std() == pytest.approx(1, abs=0.01) and seen.min() > -2


def test_a_share_of_nothing_counts_where_there_is_lung():
    """Averages know no level for a ray without soft tissue; shares do, and know none beyond the lung."""
    prepared = PictureInput(40, standardise=True, shares=True)
    levels = prepared.levels(half_dense(0.3))[0]
    assert prepared.channels == len(levels) == 6
    assert levels[:, :8].abs().max() == 0
    assert levels[2].abs().max() < 1e-3  # one average, one level
    assert levels[5, 8:20].max() < -0.9 and levels[5, 20:].min() > 0.5
    assert abs(levels[5, 8:].mean()) < 1e-5


def test_amounts_show_how_much_dense_tissue_there_is():
    pictures = torch.cat([half_dense(0.1), half_dense(0.4)])
    alike, different = (
        PictureInput(40, standardise=True, shares=True, amounts=amounts).levels(pictures)
        for amounts in (False, True)
    )
    np.testing.assert_allclose(alike[0], alike[1], atol=0.05)
    assert (different[:, 5, :20] == -2).all()  # nothing is nothing, with lung and without
    np.testing.assert_allclose(different[:, 5, 20:].mean((1, 2)), [-1.6, -0.4], atol=1e-5)
    np.testing.assert_array_equal(different[:, :3], alike[:, :3])


def half_dense(share):
    """Return pictures of lung, but for the first rows, with so much soft tissue in its lower half."""
    pictures = torch.zeros(1, 6, 40, 40)
    pictures[:, [1, 4], 8:] = 0.5
    pictures[:, 2, 20:], pictures[:, 5, 20:] = 0.3, share
    return pictures


def test_what_is_turned_in_holds_no_tissue():
    """Beyond a picture's edge lies what lies in its empty rays, on the scale of each channel."""
    corner = torch.zeros(4, 6, 40, 40, dtype=torch.uint8)
    corner[:, :, 12:28, 12:28] = 200
    network = Recorder()
    choices = CpaTrainingParameters(side=40, standardise=True, shares=True, amounts=True, zoom=0.0)
    learner = CpaLearner(network, choices.input_for(Plan(("cavity",), "axial")), choices)
    learner.training_step((corner, torch.zeros(4, 1, dtype=torch.int8), torch.ones(4, 1)), 0)
    edges = network.shown[:, :, [0, -1]]
    assert edges[:, :3].abs().max() < 1e-3 and (edges[:, 3:] + 2).abs().max() < 1e-3


def test_zoom_stays_within_its_bounds():
    pictures = torch.zeros(64, 1, 40, 40)
    pictures[:, :, 10:30, 10:30] = 1
    torch.manual_seed(0)
    sides = varied(pictures, CpaTrainingParameters(turn=0.0, zoom=0.2)).sum((1, 2, 3)).sqrt()
    assert 15.5 < sides.min() < 17
    assert 23 < sides.max() < 24.5


def test_regions_with_a_cavity_are_known_whichever_sign_is_learned():
    signs = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [-1, 0, 1], [1, 0, -1]])
    case = replace(made_case(0, "p", np.maximum(signs, 0), 1), signs=signs)
    for tasks in (("fungus_ball",), SIGNS):
        hollow = pictures_of([case, case], Plan(tasks, "axial")).hollow.reshape(-1, 6)
        np.testing.assert_array_equal(hollow, [[1, 1, 0, 0, 0, 1]] * 4)
    assert not pictures_of([case], Plan(("disease",), "axial")).hollow.any()


def test_answers_are_one_per_region_whatever_the_rotations():
    subjects = np.array(["a", "a", "b", "c", "c"])
    labels = np.array([[1], [1], [0], [-1], [-1]], np.int8)
    pictures = PictureSet(np.zeros((5, 1, 2, 2), np.uint8), labels, subjects, subjects, np.zeros(5, bool))
    given = answers(np.array([[0.9], [0.3], [0.7], [0.2], [0.2]], np.float32), pictures)
    np.testing.assert_allclose(given.said, [0.6, 0.7])
    np.testing.assert_array_equal(given.truth, [True, False])
    assert given.table.precision[1] == 0.5
    assert given.table.recall[1] == 1.0
