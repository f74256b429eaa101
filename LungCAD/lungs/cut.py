"""Lung that the picture's edge, or that of a round field of view, cuts: the body does not enclose it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.images.hounsfield import AIR_HU
from LungCAD.lungs.body import air_in_body
from LungCAD.lungs.cores import WIDE_LUNG, WIDE_MM
from LungCAD.lungs.morphology import IN_PLANE, Mask, Spacing, components, dilate, erode

BESIDE_MM = 25.0
"""From a lung to the trachea."""

STRIDE = 3
"""Every third pixel tells whether lungs reach padding."""


def air_of_chest(hu: NDArray[np.float32], air_hu: float, spacing: Spacing) -> tuple[Mask, Mask]:
    """Return the air that the body encloses with the lung that the picture cuts, and the cut lung alone.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    air_hu : upper limit of aerated tissue, HU.
    spacing : of `hu`, mm.
    """
    enclosed = air_in_body(hu, air_hu, spacing)
    rows = ndimage.find_objects(enclosed.view(np.uint8))[0][1] if enclosed.any() else slice(0, hu.shape[1])
    cut = _cut_lung(hu, air_hu, rows, spacing)
    return enclosed | cut, cut


def _cut_lung(hu: NDArray[np.float32], air_hu: float, rows: slice, spacing: Spacing) -> Mask:
    """Return the wide cross-sections as dense as lung that reach the picture's edge, or padding.

    Other air beside them comes with them: walls as thin as those of bronchi do not enclose it.

    rows : of air in the body, if there is any; below lies the table, whose foam may be as dense as lung.
    """
    beyond = beyond_field(hu)
    air = (hu < air_hu) & ~beyond
    labels, sizes = components(air, IN_PLANE)
    edge = ndimage.binary_dilation(beyond, IN_PLANE)
    edge[:, [0, -1]] = edge[:, :, [0, -1]] = True
    at_edge = _known(labels[edge], sizes.size)
    cut = at_edge & (sizes * spacing[1] * spacing[2] >= np.pi * WIDE_MM[1] ** 2)
    cut &= ~_known(labels[:, [0, 0, -1, -1], [0, -1, 0, -1]], sizes.size)  # around the body
    least_hu, least_share = WIDE_LUNG
    cut &= np.bincount(labels[hu >= least_hu], minlength=sizes.size) >= least_share * sizes
    cut[0] = False
    names = np.flatnonzero(cut)
    middles = ndimage.center_of_mass(air, labels, names)
    cut[names] = [rows.start <= row < rows.stop for _, row, _ in middles]
    if cut.any():
        cut &= _known(labels[erode(air, WIDE_MM[1], spacing)], sizes.size)
    if cut.any():
        cut |= _known(labels[dilate(cut[labels], BESIDE_MM, spacing)], sizes.size) & ~at_edge
        cut[0] = False
    return cut[labels]


def cut_warning(hu: NDArray, lungs: NDArray[np.uint8]) -> Iterator[str]:
    """Yield on how many slices lungs (z, y, x) reach the picture's edge, or the padding of a round field."""
    cut = lungs[:, [0, -1]].any((1, 2)) | lungs[:, :, [0, -1]].any((1, 2))
    some = slice(None), slice(None, None, STRIDE), slice(None, None, STRIDE)
    border = ndimage.binary_dilation(beyond_field(hu[some]), IN_PLANE)
    cut |= (border & (lungs[some] > 0)).any((1, 2))
    if cut.any():
        slices = f"{cut.sum()} slice{'' if cut.sum() == 1 else 's'}"
        yield f"The edge of the picture cuts the lungs on {slices}: all numbers are of the part in view"


def beyond_field(hu: NDArray) -> Mask:
    """Return the padding (z, y, x) around a round field of view, which reaches the corners of the picture."""
    labels, sizes = components(hu <= AIR_HU, IN_PLANE)
    beyond = _known(labels[:, [0, 0, -1, -1], [0, -1, 0, -1]], sizes.size)
    beyond[0] = False
    return beyond[labels]


def _known(names: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Return (count,) which numbers are among `names`."""
    known = np.zeros(count, bool)
    known[names] = True
    return known
