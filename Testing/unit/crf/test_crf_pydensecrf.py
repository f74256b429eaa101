"""Against pydensecrf, the library that published work used: same model, larger error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LungCAD.crf import CRFParameters, DenseCRF, mean_field

pytest.importorskip("pydensecrf.densecrf", reason="pydensecrf2 is not installed")

SLICE = CRFParameters(mode="slice")


def solve(case, parameters, backend, constraints=None):
    return mean_field(
        case.probabilities,
        case.hu,
        case.mask,
        case.spacing,
        constraints,
        parameters,
        backend=backend,
        device="cpu",
    )


@pytest.mark.parametrize("parameters", [SLICE, CRFParameters(mode="volume")])
def test_at_most_an_eighth_of_its_error(make_case, parameters):
    case = make_case((1, 52, 60) if parameters.mode == "slice" else (5, 22, 28))
    exact = solve(case, parameters, "exact")
    ours, theirs = (
        np.abs(solve(case, parameters, backend) - exact)[:, case.mask] for backend in ("torch", "pydensecrf")
    )
    assert theirs.mean() < 0.01, "both must compute the same model"
    assert ours.mean() <= theirs.mean() / 8
    assert ours.max() <= theirs.max() / 3


@pytest.mark.parametrize("normalization", ["symmetric", "before", "after"])
def test_same_normalization(case, normalization):
    parameters = replace(SLICE, normalization=normalization)
    difference = np.abs(solve(case, parameters, "torch") - solve(case, parameters, "pydensecrf"))
    assert difference[:, case.mask].mean() < 0.01


def test_constraints_hold_there_too(case):
    constraints = case.free
    constraints[0, 15:25, 8:14] = 3
    theirs = solve(case, SLICE, "pydensecrf", constraints)
    drawn = constraints >= 0
    np.testing.assert_array_equal(theirs[:, drawn], np.eye(5)[constraints[drawn]].T)
    difference = np.abs(theirs - solve(case, SLICE, "torch", constraints))
    assert difference[:, case.mask].mean() < 0.01


def test_one_voxel(case):
    case.mask[:] = False
    case.mask[0, 22, 12] = True
    np.testing.assert_allclose(solve(case, SLICE, "pydensecrf").sum(0)[case.mask], 1, atol=1e-5)


def test_updates_and_maps(case):
    crf = DenseCRF(case.hu, case.mask, case.spacing, SLICE, backend="pydensecrf", device="cpu")
    crf.solve(case.probabilities)
    solution = crf.update(case.free)
    assert solution.convergence[0].converged
    assert solution.expected_change().max() > 0
