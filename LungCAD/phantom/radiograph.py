"""The chest radiograph of a volume: parallel rays from back to front, Beer's law, a film's curve."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

WATER = 0.0193  # linear attenuation of water at 68 keV, the mean energy of a chest exposure, per mm
BONE_EXCESS = 0.6  # how much more than CT at the same energy the softer beam weakens in bone
BODY = -400.0  # HU that separates the body from air, clothes and table
OPENING = 3.0  # mm of table and tubing that lie on the skin and are parted from it
SHADOW = 10.0  # mm of lung along a ray that belong to the lung's shadow
LATITUDE = (0.3, 6.5)  # attenuation, natural logarithm, from black to white


def attenuation(hu: NDArray, spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    """Return the line integral of attenuation along y, (z, x): ln(incident / transmitted).

    hu : (z, y, x). spacing : x, y, z in mm. A slab of water d mm thick gives 0.0193 d.
    """
    paths = np.empty((hu.shape[0], hu.shape[2]), np.float32)
    for layer, path in zip(hu, paths, strict=True):
        density = np.maximum(1 + np.asarray(layer, np.float32) / 1000, 0)
        density += BONE_EXCESS * np.maximum(density - 1.1, 0)
        path[:] = density.sum(axis=0) * np.float32(WATER * spacing[1])
    return paths


def make_radiograph(ct: sitk.Image, lungs: sitk.Image) -> tuple[sitk.Image, sitk.Image]:
    """Return the frontal radiograph of an axial CT (LPS) as 2-D images: float32 0..1, and the lungs' mask.

    ct : HU. lungs : 0 outside, 1 right, 2 left, on the grid of `ct`. See `project_radiograph`.
    """
    arrays = (sitk.GetArrayViewFromImage(image) for image in (ct, lungs))
    film, mask, pixel = project_radiograph(*arrays, ct.GetSpacing())
    images = sitk.GetImageFromArray(film), sitk.GetImageFromArray(mask)
    for image in images:
        image.SetSpacing((pixel, pixel))
    return images


def project_radiograph(
    hu: NDArray, lungs: NDArray, spacing: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """Return the frontal radiograph of a chest CT, the mask of its lungs and the pixel's size in mm.

    The patient faces the reader as usual: head up, the patient's right on the left; bone is bright.

    Parameters
    ----------
    hu : (z, y, x), LPS. Table and air outside the body are left out.
    lungs : (z, y, x), 1 the right and 2 the left lung, 0 elsewhere.
    spacing : x, y, z in mm.

    Returns
    -------
    image : float32 (Y, X), 0..1, square pixels as wide as the CT's columns.
    mask : uint8 (Y, X), 1 the right and 2 the left lung, also where they lie behind heart and diaphragm.
    pixel : its size in mm.
    """
    rows = max(1, round(hu.shape[0] * spacing[2] / spacing[0]))
    heights = (np.arange(rows) + 0.5) * hu.shape[0] / rows - 0.5
    paths = attenuation(np.where(_body(hu, spacing), hu, -1000), spacing)
    film = np.clip((_stretch(paths, heights) - LATITUDE[0]) / (LATITUDE[1] - LATITUDE[0]), 0, 1)
    shadows = [_stretch((lungs == side).sum(axis=1) * np.float32(spacing[1]), heights) for side in (1, 2)]
    mask = np.where(np.maximum(*shadows) >= SHADOW, 1 + np.argmax(shadows, axis=0), 0)
    image = film * film * (3 - 2 * film)  # the toe and the shoulder of a film
    return np.ascontiguousarray(image[::-1], np.float32), mask[::-1].astype(np.uint8), float(spacing[0])


def _stretch(image: NDArray, rows: NDArray) -> NDArray:
    """Return the image interpolated at fractional rows."""
    low = np.clip(np.floor(rows).astype(int), 0, max(len(image) - 2, 0))
    high = np.minimum(low + 1, len(image) - 1)
    part = np.clip(rows - low, 0, 1)[:, None].astype(np.float32)
    return image[low] * (1 - part) + image[high] * part


def _body(hu: NDArray, spacing: tuple[float, float, float]) -> NDArray:
    """Return the body of every slice: the largest dense thing, parted from the table, with all inside it."""
    body = np.empty(hu.shape, bool)
    reach = max(1, round(OPENING / spacing[0]))
    for layer, target in zip(hu, body, strict=True):
        dense = ndimage.binary_opening(np.asarray(layer) > BODY, iterations=reach)
        parts, count = ndimage.label(ndimage.binary_fill_holes(dense))
        largest = 1 + np.argmax(np.bincount(parts.ravel())[1:]) if count else 1
        target[:] = ndimage.binary_dilation(parts == largest, iterations=reach)
    return body
