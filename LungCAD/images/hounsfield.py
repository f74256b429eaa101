"""Whether the values of an image are Hounsfield units, and making them so at the edges."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError

AIR_HU = -1024
"""The lowest HU we keep: scanners fill what lies outside the field of view with -2000, -3024 and the like."""

PADDING_BELOW = -1500.0
"""No tissue, and no noise in air, reaches below this: such voxels are padding."""


def require_ct(image: sitk.Image, subject: object) -> None:
    """Check that an image is a volume of Hounsfield units, one per voxel.

    Raises
    ------
    InputError
        It has other than three axes or several values per voxel, or as `require_hu`; names `subject`.
    """
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(subject, "is not a volume of single values", "Give a 3-D image in HU")
    require_hu(sitk.GetArrayViewFromImage(image), subject)


def require_hu(values: NDArray, subject: object) -> None:
    """Check that an array of any shape looks like Hounsfield units.

    Raises
    ------
    InputError
        NaN or infinite values, all the same, grey levels 0..255 or 0..1, an offset of 1024, a rescale applied
        twice, or a normalised image; the error names `subject` and how to mend it.
    """
    if np.issubdtype(values.dtype, np.floating) and (bad := int(np.count_nonzero(~np.isfinite(values)))):
        raise InputError(
            subject,
            f"holds {bad} values that are no numbers (NaN or infinite)",
            "Replace them by -1024, or export the CT again from its source",
        )
    inside = values[values > PADDING_BELOW]
    low, high = (float(inside.min()), float(inside.max())) if inside.size else (0.0, 0.0)
    if low == high:
        raise InputError(subject, "holds one single value: it is empty", "Give a CT that shows a chest")
    span = f"values from {low:g} to {high:g}"
    export = "Export the CT again in Hounsfield units (air -1000, water 0)"
    if high - low <= 20:
        raise InputError(subject, f"is a mask or normalised ({span}), not in Hounsfield units", export)
    if low >= 0 and high <= 255:
        raise InputError(subject, f"holds grey levels ({span}), not Hounsfield units", export)
    # Single outliers (metal, noise in air) must not decide: judge by the bulk from here on.
    sample = values.ravel()[:: max(values.size // 10**6, 1)]
    if np.percentile(sample[sample > PADDING_BELOW], 0.05) >= 0:
        raise InputError(
            subject,
            f"holds no negative values ({span}), so these are not Hounsfield units",
            "If it is a CT stored with an offset, subtract 1024; if it is not a CT, give one",
        )
    if _noise_below_air(sample):
        raise InputError(
            subject,
            "has its air near -2000, as if the rescale had been applied twice",
            "Add 1024, or export the CT again in Hounsfield units",
        )


def _noise_below_air(sample: NDArray) -> bool:
    """Tell padding, which is one constant or two, from air that lies too low, which is noisy."""
    low = sample[sample <= PADDING_BELOW]
    if low.size < 0.05 * sample.size:
        return False
    counts = np.sort(np.unique(np.rint(low), return_counts=True)[1])
    return bool(counts[-2:].sum() < 0.5 * low.size)


def clamp(values: NDArray) -> NDArray[np.int16]:
    """Return HU rounded to int16, padding and everything below -1024 set to -1024."""
    limited = np.clip(values, AIR_HU, np.iinfo(np.int16).max)
    return np.rint(limited).astype(np.int16) if limited.dtype.kind == "f" else limited.astype(np.int16)
