"""The points whose distances the Gaussian kernels measure."""

from __future__ import annotations

import numpy as np

from LungCAD.crf.fields import Field
from LungCAD.crf.grey_curve import grey_levels
from LungCAD.crf.parameters import CRFParameters


def field_features(field: Field, parameters: CRFParameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the features (N, D) float64 whose unit Gaussians are the appearance and smoothness kernels."""
    space = field.position().T * np.asarray(field.step, dtype=np.float64)
    space = space[:, [axis for axis in range(3) if field.extent[axis] > 1] or [2]]
    grey = grey_levels(field.grey[0], parameters.windows) if field.is_hu else field.grey.T.astype(np.float64)
    wide = np.concatenate([space / parameters.theta_alpha, grey / parameters.theta_beta], axis=1)
    return wide, space / parameters.theta_gamma
