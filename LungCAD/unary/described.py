"""What is known of the texture of a scan, slice by slice: thinned out, it can be kept.

To describe a scan takes nearly all of the time of learning and predicting. From what was kept the classes can
be learned and predicted again within seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from LungCAD.unary.interpolation import interpolate, lattice

KEPT_STRIDE = 2
"""Every so many pixels the description is kept: it varies little between, as its windows are wide."""


@dataclass(frozen=True)
class DescribedSlice:
    """The description of a slice.

    box : of the slice (y, x), all else is about it alone. inside : (y, x) bool, the pixels that count.
    points : (y, x) bool, those of a lattice of `stride` pixels (`interpolation.lattice`).
    features : (points, F), what is known of these.
    """

    box: tuple[slice, slice]
    inside: np.ndarray
    points: np.ndarray
    stride: int
    features: np.ndarray

    @classmethod
    def of(
        cls, description: np.ndarray, box: tuple[slice, slice], inside: np.ndarray, stride: int
    ) -> DescribedSlice:
        """Pick the lattice of `stride` pixels from a description (F, y, x) of the pixels of `box`."""
        points = lattice(inside, stride)
        if points is inside:  # the lattice misses it
            stride = 1
        return cls(box, inside, points, stride, description[:, points].T)

    def thinned(self) -> DescribedSlice:
        """Return the part of it that is worth keeping."""
        if self.stride > 1:
            return replace(self, features=self.features.astype(np.float16))
        thin = lattice(self.inside, KEPT_STRIDE)
        stride = 1 if thin is self.inside else KEPT_STRIDE
        kept = self.features[thin[self.inside]].astype(np.float16)
        return DescribedSlice(self.box, self.inside, thin, stride, kept)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Interpolate values (points, K) to all pixels inside; returns (pixels, K)."""
        return interpolate(values, self.points, self.inside, self.stride)

    def features_of(self, wanted: np.ndarray) -> np.ndarray:
        """Return the features (pixels, F) float32 of the pixels `wanted`, (y, x) bool of the whole slice."""
        here, features = wanted[self.box] & self.inside, self.features.astype(np.float32)
        if self.stride == 1:
            return features[here[self.inside]]
        return interpolate(features, self.points, here, self.stride)
