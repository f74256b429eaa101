"""What lies near a drawn region is likely the same tissue: the regions vote for their surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

REACH_MM = 4.0
"""Standard deviation of a vote. Found on phantoms that take no part in the benchmark; 4 to 7 mm do alike."""

DOUBT = 0.01
"""A vicinity of which this part is drawn is believed half; with none drawn, all classes are alike."""


def vicinity_prior(
    rois: np.ndarray, classes: Sequence[int], spacing: tuple[float, float, float]
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield z and the class probabilities (C, y, x) float32 that the drawn regions give to what is near them.

    Each drawn voxel votes for its class with a Gaussian weight of the distance in mm, so that slices far
    apart hardly speak to each other; `DOUBT` is added as a vote for every class alike. Slices that hear of no
    region are left out: there all classes are alike.

    rois : (z, y, x) class value where drawn, else 0. classes : the values in order. spacing : (z, y, x) mm.
    """
    reach = [REACH_MM / step for step in spacing]
    drawn = np.flatnonzero(rois.any((1, 2)))
    weights = gaussian_filter1d(np.eye(len(rois), dtype=np.float32)[drawn], reach[0], axis=1)
    votes: dict[int, np.ndarray] = {}
    for z in np.flatnonzero(weights.any(0)):
        heard = np.flatnonzero(weights[:, z])
        votes = {k: votes[k] if k in votes else _votes(rois[drawn[k]], classes, reach[1:]) for k in heard}
        prior = sum(weights[k, z] * votes[k] for k in heard) + np.float32(DOUBT / len(classes))
        yield int(z), prior / prior.sum(0)


def _votes(plane: np.ndarray, classes: Sequence[int], reach: Sequence[float]) -> np.ndarray:
    """Return what the regions of one slice say (C, y, x) of that slice."""
    return np.stack([gaussian_filter((plane == value).astype(np.float32), reach) for value in classes])
