"""The engine away from the CPU: on CUDA where there is one, and its device path run on the CPU anywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.crf import EXCLUDED, CRFParameters, DenseCRF, bags, dense_crf

PARAMETERS = [
    CRFParameters(mode="slice"),
    CRFParameters(mode="volume"),
    CRFParameters(mode="volume", normalization="after"),
    CRFParameters(mode="slice", theta_alpha=6, theta_gamma=9, accelerate=True),
]


def constraints_of(case):
    constraints = case.free
    constraints[0, 15:25, 8:14] = 3
    constraints[0, 25:28, 8:14] = EXCLUDED
    return constraints


def solve(case, parameters, device="cpu"):
    crf = DenseCRF(case.hu, case.mask, case.spacing, parameters, device=device)
    crf.solve(case.probabilities)
    return crf.update(constraints_of(case))


def assert_same(found, expected):
    np.testing.assert_allclose(found.marginals(), expected.marginals(), atol=2e-5)
    np.testing.assert_allclose(found.expected_change(), expected.expected_change(), rtol=1e-3, atol=1e-4)
    assert len(found.convergence) == len(expected.convergence)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_the_path_of_other_devices_gives_the_same(make_case, parameters, monkeypatch):
    case = make_case((3, 40, 48))
    expected = solve(case, parameters)
    monkeypatch.setattr(bags, "_on_cpu", lambda tensor: False)
    assert_same(solve(case, parameters), expected)


def test_two_threads_give_the_same(make_case):
    case = make_case((3, 40, 48))
    expected = solve(case, PARAMETERS[1])
    torch.set_num_threads(2)
    assert_same(solve(case, PARAMETERS[1]), expected)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("parameters", PARAMETERS)
def test_cuda(make_case, parameters):
    case = make_case((3, 40, 48))
    assert_same(solve(case, parameters, "cuda"), solve(case, parameters))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("backend", ["torch", "exact"])
def test_cuda_against_all_pairs(case, backend):
    exact = DenseCRF(case.hu, case.mask, case.spacing, PARAMETERS[0], backend="exact", device="cpu")
    cuda = DenseCRF(case.hu, case.mask, case.spacing, PARAMETERS[0], backend=backend, device="cuda")
    difference = cuda.solve(case.probabilities).marginals() - exact.solve(case.probabilities).marginals()
    assert np.abs(difference)[:, case.mask].mean() <= 1.5e-4


@pytest.mark.parametrize("backend", ["torch", "exact"])
def test_what_apples_gpus_lack_runs_on_the_processor(make_case, backend, monkeypatch):
    case = make_case((1, 20, 24))
    expected = DenseCRF(case.hu, case.mask, case.spacing, PARAMETERS[0], backend=backend, device="cpu")
    monkeypatch.setattr(dense_crf, "choose_device", lambda name: torch.device("mps"))
    found = DenseCRF(case.hu, case.mask, case.spacing, PARAMETERS[0], backend=backend)
    assert_same(found.solve(case.probabilities), expected.solve(case.probabilities))
