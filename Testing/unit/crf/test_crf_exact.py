"""The reference itself, against sums written out and against a closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LungCAD.crf import CRFParameters, mean_field
from LungCAD.images.windows import GAO, apply_windows

PARAMETERS = CRFParameters(mode="volume", iterations=3, theta_alpha=4, theta_gamma=1.5)


def by_hand(case, parameters):
    """Mean field with loops over pairs of voxels, as the paper writes it down."""
    voxels = np.argwhere(case.mask)
    step = np.array([case.spacing[0] / case.spacing[1], 1, 1])
    grey = apply_windows(case.hu, GAO)[:, case.mask].T.astype(float)
    unary = np.log(case.probabilities[:, case.mask].T.astype(float))
    kernels = np.zeros((2, len(voxels), len(voxels)))
    for i, (p, a) in enumerate(zip(voxels, grey, strict=True)):
        for j, (q, b) in enumerate(zip(voxels, grey, strict=True)):
            near = (((p - q) * step) ** 2).sum()
            alike = ((a - b) ** 2).sum()
            kernels[0, i, j] = np.exp(
                -near / (2 * parameters.theta_alpha**2) - alike / (2 * parameters.theta_beta**2)
            )
            kernels[1, i, j] = np.exp(-near / (2 * parameters.theta_gamma**2))
    for kernel in kernels:
        if parameters.normalization == "symmetric":
            degree = np.sqrt(kernel.sum(1))
            kernel /= degree[:, None] * degree[None, :]
    kernel = parameters.appearance_weight * kernels[0] + parameters.smoothness_weight * kernels[1]
    marginals = np.exp(unary)
    for _ in range(parameters.iterations):
        marginals = np.exp(unary + kernel @ marginals)
        marginals /= marginals.sum(1, keepdims=True)
    return marginals.T


@pytest.mark.parametrize("normalization", ["symmetric", "none"])
def test_exact_is_the_paper_written_out(make_case, normalization):
    case = make_case((3, 6, 8), classes=3, spacing=(1.0, 0.8, 0.8))
    parameters = replace(
        PARAMETERS, normalization=normalization, appearance_weight=0.5, smoothness_weight=0.25
    )
    exact = mean_field(
        case.probabilities, case.hu, case.mask, case.spacing, None, parameters, backend="exact"
    )
    np.testing.assert_allclose(exact[:, case.mask], by_hand(case, parameters), atol=1e-6)


@pytest.mark.parametrize("backend", ["exact", "torch"])
def test_two_voxels_in_closed_form(backend):
    """Equal voxels: both symmetric kernels are nearly 1/2 each way, so logits grow by w1 + w2 times Q."""
    hu = np.full((1, 1, 2), -800.0)
    probabilities = np.array([0.6, 0.4]).reshape(2, 1, 1, 1).repeat(2, axis=3)
    wide = CRFParameters(mode="slice", theta_alpha=1e4, theta_gamma=1e4, iterations=1)
    result = mean_field(probabilities, hu, np.ones(hu.shape, bool), (1, 1, 1), None, wide, backend=backend)
    weights = np.array([0.6, 0.4]) * np.exp(2 * np.array([0.6, 0.4]))
    np.testing.assert_allclose(result[:, 0, 0, 0], weights / weights.sum(), atol=1e-6)
