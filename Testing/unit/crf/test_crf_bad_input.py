"""Every bad input is a ValueError that names the argument."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.crf import CRFParameters, DenseCRF, memory
from LungCAD.crf.memory import check_memory


def solve(case, constraints=None, parameters=None, **options):
    crf = DenseCRF(
        case.hu, case.mask, case.spacing, parameters or CRFParameters(mode="slice"), device="cpu", **options
    )
    return crf.solve(case.probabilities, constraints)


def spoil_hu(case):
    case.hu[case.mask] = np.nan


def spoil_shape_of_hu(case):
    case.hu = case.hu[:, 1:]


def spoil_mask(case):
    case.mask = case.mask[0]


def spoil_spacing(case):
    case.spacing = (1.0, 0.0, 1.0)


def spoil_number_of_spacings(case):
    case.spacing = (1.0, 1.0)


def negative_probabilities(case):
    case.probabilities[0] -= 1
    case.probabilities[1] += 1


def unnormalised_probabilities(case):
    case.probabilities *= 1.1


def probabilities_that_are_not_numbers(case):
    case.probabilities[2, 0, 22, 12] = np.nan


def infinite_probabilities(case):
    case.probabilities[2, 0, 22, 12] = np.inf


def probabilities_of_another_image(case):
    case.probabilities = case.probabilities[:, :, 1:]


def no_probabilities(case):
    case.probabilities = case.probabilities[:0]


@pytest.mark.parametrize(
    ("spoil", "argument"),
    [
        (spoil_hu, "hu"),
        (spoil_shape_of_hu, "hu"),
        (spoil_mask, "mask"),
        (spoil_spacing, "spacing"),
        (spoil_number_of_spacings, "spacing"),
        (negative_probabilities, "probabilities"),
        (unnormalised_probabilities, "probabilities"),
        (probabilities_that_are_not_numbers, "probabilities"),
        (infinite_probabilities, "probabilities"),
        (probabilities_of_another_image, "probabilities"),
        (no_probabilities, "probabilities"),
    ],
)
def test_bad_images(case, spoil, argument):
    spoil(case)
    with pytest.raises(ValueError, match=f"^{argument} "):
        solve(case)


def test_what_lies_outside_the_mask_may_be_anything(case):
    clean = solve(case).marginals()
    case.hu[~case.mask] = np.nan
    case.probabilities[:, ~case.mask] = -7
    np.testing.assert_array_equal(solve(case).marginals(), clean)


def test_bad_constraints(case):
    for voxel, label in (((0, 22, 12), 5), ((0, 22, 12), -3), ((0, 0, 0), 1)):
        constraints = case.free
        constraints[voxel] = label
        with pytest.raises(ValueError, match=r"^constraints "):
            solve(case, constraints)
    with pytest.raises(ValueError, match=r"^constraints "):
        solve(case, case.free[:, 1:])
    with pytest.raises(ValueError, match=r"^constraints "):
        solve(case, case.free.astype(float))


def test_bad_lungs(case):
    apart = CRFParameters(mode="slice", couple_lungs=False)
    for lungs in (None, case.lungs[:, 1:], np.zeros(case.mask.shape, int)):
        with pytest.raises(ValueError, match=r"^lungs "):
            solve(case, parameters=apart, lungs=lungs)


@pytest.mark.parametrize(
    "bad",
    [
        {"theta_alpha": 0.0},
        {"theta_beta": -1.0},
        {"theta_gamma": float("nan")},
        {"appearance_weight": -0.1},
        {"smoothness_weight": float("inf")},
        {"iterations": -1},
        {"tolerance": -1.0},
        {"unit": "cm"},
        {"mode": "3d"},
        {"normalization": "both"},
        {"windows": ((200.0, -160.0),)},
        {"windows": ()},
    ],
)
def test_bad_parameters(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"^{name}"):
        CRFParameters(**bad)


def test_unknown_backend(case):
    with pytest.raises(ValueError, match=r"^backend "):
        solve(case, backend="gpu")


def test_update_before_solve(case):
    crf = DenseCRF(case.hu, case.mask, case.spacing, device="cpu")
    with pytest.raises(ValueError, match=r"^constraints "):
        crf.update(case.free)


def test_more_voxels_than_memory_says_how_many_fit(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1_000_000)
    with pytest.raises(ValueError, match=r"^mask has 5000 voxels; with 5 classes about 2380 fit"):
        check_memory([5000], 5, torch.device("cpu"))
    check_memory([2380], 5, torch.device("cpu"))
    check_memory([500] * 5, 5, torch.device("cpu"))  # many small fields need less work space


def test_the_largest_fields_keep_no_bags(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1_000_000)
    monkeypatch.setattr(memory, "KEPT_VOXELS", 1000)
    check_memory([6000], 5, torch.device("cpu"))
    with pytest.raises(ValueError, match=r"^mask has 7000 voxels"):
        check_memory([7000], 5, torch.device("cpu"))


def test_free_memory_is_found_here():
    free = memory.free_bytes(torch.device("cpu"))
    assert free is None or 2**20 < free < 2**50
