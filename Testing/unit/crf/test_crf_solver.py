"""The iteration: softmax, mixing, convergence report, warm updates, and where to draw next."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from LungCAD.crf import EXCLUDED, FREE, CRFParameters, DenseCRF, solver
from LungCAD.crf.solver import Anderson, softmax_

SLICE = CRFParameters(mode="slice")


def dense_crf(case, parameters=SLICE, **options):
    return DenseCRF(case.hu, case.mask, case.spacing, parameters, device="cpu", **options)


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 1e4])
def test_softmax(scale):
    logits = scale * torch.randn(500, 7, generator=torch.Generator().manual_seed(0))
    logits -= logits.amin(dim=1, keepdim=True)
    torch.testing.assert_close(softmax_(logits.clone()), torch.softmax(logits, 1), atol=1e-6, rtol=0)


def test_anderson_solves_a_linear_iteration_in_one_dimension_at_once():
    mix, x = Anderson(), torch.tensor([5.0])
    for _ in range(3):
        x = mix(0.9 * x + 1)
    assert x.item() == pytest.approx(10, abs=1e-3)


def test_acceleration_needs_fewer_iterations(case):
    patient = replace(SLICE, iterations=50, tolerance=1e-5)
    plain = dense_crf(case, patient).solve(case.probabilities)
    fast = dense_crf(case, replace(patient, accelerate=True)).solve(case.probabilities)
    assert plain.convergence[0].converged
    assert fast.convergence[0].converged
    assert fast.convergence[0].iterations < plain.convergence[0].iterations
    np.testing.assert_allclose(fast.marginals(), plain.marginals(), atol=1e-4)


def test_a_sample_of_the_voxels_decides_how_far_to_extrapolate(case, monkeypatch):
    fast = replace(SLICE, accelerate=True, iterations=50, tolerance=1e-5)
    whole = dense_crf(case, fast).solve(case.probabilities)
    monkeypatch.setattr(solver, "SAMPLED_ROWS", 200)
    sampled = dense_crf(case, fast).solve(case.probabilities)
    np.testing.assert_allclose(sampled.marginals(), whole.marginals(), atol=1e-4)
    assert sampled.convergence[0].iterations <= whole.convergence[0].iterations + 1


def test_convergence_report(make_case):
    case = make_case((2, 30, 36))
    solution = dense_crf(case).solve(case.probabilities)
    assert len(solution.convergence) == 2
    changes = solution.convergence[0].largest_change
    assert len(changes) == 10
    assert changes[-1] < changes[0] / 100
    before = dense_crf(case, replace(SLICE, iterations=9)).solve(case.probabilities)
    largest = np.abs(solution.marginals() - before.marginals())[:, 0].max()
    assert changes[-1] == pytest.approx(largest, abs=1e-7)


def test_update_arrives_where_a_new_solve_does(case):
    crf = dense_crf(case, replace(SLICE, iterations=50, tolerance=1e-5))
    crf.solve(case.probabilities)
    constraints = case.free
    constraints[0, 15:25, 8:14] = 3
    updated = crf.update(constraints, tolerance=1e-5)
    anew = crf.solve(case.probabilities, constraints)
    np.testing.assert_allclose(updated.marginals(), anew.marginals(), atol=1e-4)
    assert updated.convergence[0].iterations < anew.convergence[0].iterations


def test_update_forgets_what_is_erased(case):
    crf = dense_crf(case, replace(SLICE, iterations=50, tolerance=1e-5))
    constraints = case.free
    constraints[0, 15:25, 8:14] = 3
    crf.solve(case.probabilities, constraints)
    erased = crf.update(case.free, tolerance=1e-5)
    never = dense_crf(case, replace(SLICE, iterations=50, tolerance=1e-5)).solve(case.probabilities)
    np.testing.assert_allclose(erased.marginals(), never.marginals(), atol=1e-4)


@pytest.mark.parametrize("backend", ["torch", "exact"])
def test_an_excluded_voxel_says_nothing(make_case, backend):
    """Whatever its unary says, all others end alike: and unlike where it is heard."""
    case = make_case((1, 18, 22), classes=3)
    constraints = case.free
    constraints[0, 8:11, 4:8] = EXCLUDED
    excluded = constraints == EXCLUDED
    assert case.mask[excluded].all()
    ends, heard = [], []
    for winner in (0, 1):
        case.probabilities[:, excluded] = np.eye(3, dtype=np.float32)[winner][:, None]
        crf = DenseCRF(case.hu, case.mask, case.spacing, SLICE, backend=backend, device="cpu")
        ends.append(crf.solve(case.probabilities, constraints).marginals())
        heard.append(crf.solve(case.probabilities).marginals())
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.abs(heard[0] - heard[1])[:, ~excluded].max() > 0.01
    assert not ends[0][:, excluded].any()
    np.testing.assert_allclose(ends[0].sum(0)[case.mask & ~excluded], 1, atol=1e-5)


def test_update_without_news_stops_at_once(case):
    crf = dense_crf(case)
    crf.solve(case.probabilities)
    assert crf.update(case.free).convergence[0].iterations == 1


def test_labels_and_entropy(case):
    solution = dense_crf(case).solve(case.probabilities)
    marginals = solution.marginals()
    labels = solution.labels()
    np.testing.assert_array_equal(labels[case.mask], marginals.argmax(0)[case.mask])
    assert (labels[~case.mask] == -1).all()
    inside = marginals[:, case.mask].astype(float)
    expected = -(inside * np.log(np.maximum(inside, 1e-30))).sum(0) / np.log(5)
    np.testing.assert_allclose(solution.entropy()[case.mask], expected, atol=1e-5)
    assert not solution.entropy()[~case.mask].any()


@pytest.mark.parametrize(("shape", "seed"), [((1, 16, 18), 1), ((1, 16, 18), 2), ((4, 10, 12), 1)])
def test_expected_change_tells_where_drawing_changes_most(make_case, shape, seed):
    """Against drawing each of some voxels with each label in turn, and solving anew."""
    case = make_case(shape, classes=3, seed=seed)
    parameters = CRFParameters(
        mode="volume", theta_alpha=4, iterations=40, tolerance=1e-6, smoothness_weight=2
    )
    solution = dense_crf(case, parameters).solve(case.probabilities)
    before = solution.marginals()
    voxels = np.argwhere(case.mask)[::6]
    true = []
    for z, y, x in voxels:
        change = 0.0
        for label in range(3):
            constraints = case.free
            constraints[z, y, x] = label
            after = dense_crf(case, parameters).solve(case.probabilities, constraints).marginals()
            change += before[label, z, y, x] * np.abs(after - before).sum() / 2
        true.append(change)
    expected, entropy = (image[tuple(voxels.T)] for image in (solution.expected_change(), solution.entropy()))
    assert spearmanr(true, expected).statistic > 0.98
    assert spearmanr(true, expected).statistic > spearmanr(true, entropy).statistic
    assert 0.8 < np.median(true / expected) < 2


def test_nothing_is_expected_of_voxels_that_are_settled(case):
    constraints = case.free
    constraints[0, 15:20, 8:14] = 3
    constraints[0, 22:26, 8:14] = EXCLUDED
    change = dense_crf(case).solve(case.probabilities, constraints).expected_change()
    settled = (constraints != FREE) | ~case.mask
    assert not change[settled].any()
    assert (change[~settled] > 0).all()
