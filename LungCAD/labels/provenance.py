"""Where a voxel's label comes from."""

from __future__ import annotations

from enum import IntEnum


class Provenance(IntEnum):
    """Values of a provenance image: kept beside every segmentation, so that no guess passes for a reading."""

    NONE = 0
    """Outside the lung: no label."""
    DRAWN = 1
    """Drawn by a reader; never changed by an algorithm."""
    PROPAGATED = 2
    """Assigned by label propagation."""
    MODEL = 3
    """Assigned by a trained network."""
    CORRECTED = 4
    """Corrected by a reader in review."""
    UNDECIDED = 5
    """Lung that resembles no drawn region: left without a label."""
