"""Which patches show the same tissue, where nobody recorded the patient."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SHARED_RUN_PX = 16
"""Two patches with so long a row of pixels in common show the same tissue."""


def groups_of_overlap(hu: np.ndarray) -> np.ndarray:
    """Return the group (N,) of each patch (N, y, x): those that share pixels of a scan are in one."""
    length = min(SHARED_RUN_PX, hu.shape[2])
    runs = np.lib.stride_tricks.sliding_window_view(hu, length, axis=2).reshape(-1, length)
    owners = np.repeat(np.arange(len(hu)), len(runs) // len(hu))
    _, identity = np.unique(runs, axis=0, return_inverse=True)
    first = np.zeros(identity.max() + 1, int)
    first[identity[::-1]] = owners[::-1]
    links = coo_array((np.ones(len(owners)), (owners, first[identity])), shape=(len(hu), len(hu)))
    return connected_components(links, directed=False)[1]
