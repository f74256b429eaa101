"""What holds whatever the image: constraints, mass, and independence of how the work is divided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from LungCAD.crf import CRFParameters, DenseCRF, lattice, mean_field, solvers
from LungCAD.errors import Cancelled

SLICE = CRFParameters(mode="slice")
VOLUME = CRFParameters(mode="volume")


def solve(case, parameters=SLICE, constraints=None, **options):
    return mean_field(
        case.probabilities, case.hu, case.mask, case.spacing, constraints, parameters, device="cpu", **options
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), accelerate=st.booleans(), volume=st.booleans(), weight=st.floats(0, 20))
def test_constraints_and_mass(seed, accelerate, volume, weight):
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 12, 3))
    classes = int(rng.integers(1, 6))
    probabilities = rng.dirichlet(np.full(classes, 0.1), shape).transpose(3, 0, 1, 2)
    mask = rng.random(shape) < 0.6
    hu = rng.integers(-1024, 500, shape)
    constraints = np.where(mask & (rng.random(shape) < 0.2), rng.integers(0, classes, shape), -1)
    parameters = CRFParameters(
        mode="volume" if volume else "slice", accelerate=accelerate, appearance_weight=weight
    )
    result = mean_field(probabilities, hu, mask, (1.5, 0.7, 0.7), constraints, parameters, device="cpu")
    assert result.dtype == np.float32
    assert not result[:, ~mask].any()
    assert (result >= 0).all()
    np.testing.assert_allclose(result[:, mask].sum(0), 1, atol=1e-6)
    drawn = constraints >= 0
    np.testing.assert_array_equal(result[:, drawn], np.eye(classes, dtype=np.float32)[constraints[drawn]].T)


@pytest.mark.parametrize("parameters", [SLICE, VOLUME])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flips(make_case, parameters, axis):
    case = make_case((3, 40, 48))
    upright = solve(case, parameters)
    case.probabilities = np.flip(case.probabilities, axis + 1)
    case.hu, case.mask = np.flip(case.hu, axis), np.flip(case.mask, axis)
    flipped = np.flip(solve(case, parameters), axis + 1)
    assert np.abs(upright - flipped)[:, np.flip(case.mask, axis)].mean() <= 3e-4


def test_surroundings_do_not_matter(case):
    alone = solve(case)
    around = ((0, 0), (13, 7), (5, 22))
    case.hu, case.mask = np.pad(case.hu, around, constant_values=500), np.pad(case.mask, around)
    case.probabilities = np.pad(case.probabilities, ((0, 0), *around))
    np.testing.assert_array_equal(solve(case)[:, :, 13:-7, 5:-22], alone)


def test_slices_are_solved_alone_in_slice_mode(make_case):
    case = make_case((3, 40, 48))
    case.mask[1] = False
    together = solve(case)
    for z in range(3):
        part = slice(z, z + 1)
        alone = mean_field(
            case.probabilities[:, part],
            case.hu[part],
            case.mask[part],
            case.spacing,
            None,
            SLICE,
            device="cpu",
        )
        np.testing.assert_array_equal(together[:, part], alone)


def test_thick_slices_are_solved_alone(make_case):
    case = make_case((3, 40, 48), spacing=(5.0, 0.7, 0.7))
    np.testing.assert_array_equal(solve(case, CRFParameters()), solve(case, SLICE))
    case.spacing = (2.0, 0.7, 0.7)
    np.testing.assert_array_equal(solve(case, CRFParameters()), solve(case, VOLUME))


def test_uncoupled_lungs_are_solved_alone(case):
    apart = solve(case, replace(SLICE, couple_lungs=False), lungs=case.lungs)
    coupled = solve(case)
    whole = case.mask
    for number in (1, 2):
        case.mask = whole & (case.lungs == number)
        np.testing.assert_array_equal(apart[:, case.mask], solve(case)[:, case.mask])
    assert np.abs(apart - coupled).max() > 1e-3


def test_large_fields_are_streamed_to_the_same_result(make_case, monkeypatch):
    case = make_case((4, 40, 48))
    kept = solve(case, VOLUME)
    monkeypatch.setattr(lattice, "KEPT_VOXELS", 0)
    np.testing.assert_allclose(solve(case, VOLUME), kept, atol=1e-6)


def test_slices_that_find_no_room_are_prepared_again(make_case, monkeypatch):
    case = make_case((4, 40, 48))
    constraints = case.free
    constraints[2, 15:25, 8:14] = 3
    solutions = []
    for kept in (solvers.KEPT_VOXELS, 2 * case.mask[0].sum()):
        monkeypatch.setattr(solvers, "KEPT_VOXELS", kept)
        crf = DenseCRF(case.hu, case.mask, case.spacing, SLICE, device="cpu")
        crf.solve(case.probabilities)
        solutions.append(crf.update(constraints))
    np.testing.assert_array_equal(solutions[0].marginals(), solutions[1].marginals())
    np.testing.assert_array_equal(solutions[0].expected_change(), solutions[1].expected_change())
    assert solutions[1].solvers[1] is solutions[1].solvers[1]
    assert solutions[1].solvers[2] is not solutions[1].solvers[2]


def test_same_input_gives_the_same_bits(case):
    np.testing.assert_array_equal(solve(case), solve(case))


@pytest.mark.parametrize("backend", ["torch", "exact"])
def test_empty_mask(case, backend):
    case.mask[:] = False
    result = solve(case, backend=backend)
    assert result.shape == case.probabilities.shape
    assert not result.any()


@pytest.mark.parametrize("parameters", [SLICE, VOLUME])
def test_one_voxel_keeps_to_itself(make_case, parameters):
    case = make_case((3, 20, 24))
    case.mask[:] = False
    case.mask[1, 10, 7] = True
    result = solve(case, replace(parameters, iterations=0))
    np.testing.assert_allclose(result[:, 1, 10, 7], case.probabilities[:, 1, 10, 7], atol=1e-6)
    exact = solve(case, parameters, backend="exact")
    np.testing.assert_allclose(solve(case, parameters), exact, atol=1e-5)


def test_probabilities_of_the_mask_alone_suffice(case):
    crf = DenseCRF(case.hu, case.mask, case.spacing, SLICE, device="cpu")
    inside = crf.solve(case.probabilities[:, case.mask]).marginals_in_mask()
    np.testing.assert_array_equal(inside, solve(case)[:, case.mask])


def test_cancelled_between_iterations(case):
    def stop(fraction, message):
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        solve(case, progress=stop)


def test_progress_grows_to_one(make_case):
    case = make_case((3, 30, 36))
    seen = []
    solve(case, progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert len(seen) > 30
