"""A synthetic scan of a patient with, or without, chronic pulmonary aspergillosis, and its reader's sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.phantom.anatomy import Thorax, ThoraxParameters, make_thorax
from LungCAD.phantom.aspergillosis import (
    REGIONS,
    Sheet,
    costal_surface,
    draw_ticks,
    place_lesions,
)
from LungCAD.phantom.body import Body
from LungCAD.phantom.disease import TEXTURES, true_labels
from LungCAD.phantom.distractors import DISTRACTORS
from LungCAD.phantom.lesions import Lesion, LungSpace, healthy_weight
from LungCAD.phantom.scanner import scanner_noise
from LungCAD.phantom.structures import smooth_noise
from LungCAD.phantom.textures import Site

SCHEMA = "cpa3"

VERSION = 3
"""To be raised whenever the same seed makes other studies: projections of former ones are not mixed in."""

THIRDS = 3

CONTROLS = 76 / 352
"""Part of the studies without disease (SAPSAM, section 1.1)."""

FIELD_MM = (330.0, 400.0)
"""Width of the field of view."""

MARGIN = (1.0, 1.12)
"""Length of the scan over that of lungs and their surroundings."""

NOISE_HU = (6.0, 28.0)
LEVEL_HU = (-30.0, 25.0)
"""Change of the parenchyma with the depth of breath."""

MOTTLE_HU = (10.0, 30.0)
"""Of the parenchyma, over 2 to 12 mm."""

BLUR_MM = 0.6

BONE_HU = 150.0
"""Of a thorax without noise: the shell of bones is denser, cartilage is not."""

Rim = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Flat indices of voxels, and the lung voxel of the `LungSpace` beside each."""


@dataclass(frozen=True)
class AspergillosisParameters:
    """What scans to make: several of one thorax, since the thorax takes longest.

    Parameters
    ----------
    size : voxels along x, y, z; z a multiple of 3.
    seed : of the thorax, the disease and the noise.
    studies : of the same thorax, each with disease, noise and breath of its own.
    uniform : signs in every region as often as in any other, and of more sizes, for training; otherwise as
        in the cohort.
    """

    size: tuple[int, int, int] = (256, 256, 144)
    seed: int = 0
    studies: int = 1
    uniform: bool = False

    def __post_init__(self) -> None:
        if self.size[2] % THIRDS or self.size[0] % 2:
            raise InputError(
                "size", f"{self.size} has no six equal regions", "Give an even x and z in threes"
            )


@dataclass(frozen=True)
class AspergillosisStudy:
    """A scan and its truth.

    ct : int16 HU. labels : uint8, values of the schema cpa3. lungs : uint8, 1 right, 2 left.
    signs : (6, 3) bool, what each region shows; regions and signs as in `aspergillosis`. disease : any sign.
    """

    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image
    signs: NDArray[np.bool_]

    @property
    def disease(self) -> bool:
        """Whether the patient has the disease."""
        return bool(self.signs.any())


def make_aspergillosis(parameters: AspergillosisParameters) -> Iterator[AspergillosisStudy]:
    """Yield the studies of one thorax. Same parameters, same studies, bit for bit."""
    frame_rng, *study_rngs = np.random.default_rng([parameters.seed, 17]).spawn(1 + parameters.studies)
    thorax = make_thorax(_frame(parameters, frame_rng))
    spacing = thorax.spacing[::-1]
    space = LungSpace.of(thorax.lungs, spacing)
    regions, costal = regions_of(space), costal_surface(space, thorax.hu > BONE_HU)
    rim = _rim(thorax, space)
    for rng in study_rngs:
        ticks = draw_ticks(rng, disease=rng.random() >= CONTROLS, uniform=parameters.uniform)
        voxel_ml = float(np.prod(spacing)) / 1000
        sheet = place_lesions(space, regions, costal, ticks, voxel_ml, rng, parameters.uniform)
        yield _scanned(thorax, space, rim, sheet, rng)


def _frame(parameters: AspergillosisParameters, rng: np.random.Generator) -> ThoraxParameters:
    """Return a grid about the lungs, with a field of view as wide as one technician or another sets it."""
    width = rng.uniform(*FIELD_MM) / parameters.size[0]
    length = Body(parameters.seed).extent[2] * rng.uniform(*MARGIN) / parameters.size[2]
    return ThoraxParameters(parameters.size, (width, width, length), parameters.seed)


def regions_of(space: LungSpace) -> NDArray[np.intp]:
    """Return the region (N,) of each lung voxel: thirds of the scan from above, halves from the right."""
    z, _, x = np.unravel_index(space.index, space.shape)
    from_top = THIRDS - 1 - z * THIRDS // space.shape[0]
    return (x * 2 // space.shape[2]) * (REGIONS // 2) + from_top


def _rim(thorax: Thorax, space: LungSpace) -> Rim:
    """Return the voxels just outside the lungs, which lung fills in part, and the lung voxels beside them."""
    around = ndimage.binary_dilation(thorax.lungs > 0, np.ones((3, 3, 3)))
    voxels = np.flatnonzero(around & (thorax.lungs == 0) & ~thorax.airways)
    spacing = np.array(thorax.spacing[::-1])
    surface = np.flatnonzero(space.depth <= 1.01 * np.linalg.norm(spacing))
    _, nearest = KDTree(space.points[surface]).query(
        np.stack(np.unravel_index(voxels, space.shape), axis=1) * spacing
    )
    return voxels, surface[nearest]


def _scanned(
    thorax: Thorax, space: LungSpace, rim: Rim, sheet: Sheet, rng: np.random.Generator
) -> AspergillosisStudy:
    hu = thorax.hu.copy()
    lung = hu.ravel()[space.index] + rng.uniform(*LEVEL_HU)
    for scale in (2.5, 12.0):
        lung += rng.uniform(*MOTTLE_HU) / 2 * smooth_noise(space.points, scale, rng)
    for lesion in sheet.lesions:
        lung[lesion.voxels] += lesion.weight * (_look(lesion, space, lung, rng) - lung[lesion.voxels])
    hu.ravel()[space.index] = lung
    _fill_rim(hu, rim, lung, 1 - healthy_weight(space, sheet.lesions))
    hu += scanner_noise(hu.shape, thorax.spacing, rng.uniform(*NOISE_HU), "soft", rng)
    values = {label.code: label.value for label in load_schema(SCHEMA).labels}
    labels = true_labels(space, [lesion for lesion in sheet.lesions if lesion.code in values], values)
    ct = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    images = (_image(array, thorax) for array in (ct, labels, thorax.lungs))
    return AspergillosisStudy(*images, signs=sheet.signs)


def _fill_rim(hu: NDArray, rim: Rim, lung: NDArray, diseased: NDArray) -> None:
    """Let what is dense at the surface fill the rim as well, or a dark line would part it from the wall.

    lung, diseased : HU and part of disease (N,) of the lung voxels.
    """
    voxels, beside = rim
    dense = np.maximum(lung[beside] - hu.ravel()[voxels], 0)
    hu.ravel()[voxels] += diseased[beside] * dense


def _look(lesion: Lesion, space: LungSpace, lung: NDArray, rng: np.random.Generator) -> NDArray:
    """Return the HU of a lesion; vessels within it are gone."""
    base = np.full(len(lesion.voxels), np.median(lung), np.float32)
    site = Site(space.points[lesion.voxels], base, space.depth[lesion.voxels], lesion.rho, BLUR_MM)
    return (DISTRACTORS.get(lesion.code) or TEXTURES[lesion.code])(site, rng)


def _image(array: NDArray, thorax: Thorax) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(thorax.spacing)
    image.SetOrigin(thorax.origin)
    return image
