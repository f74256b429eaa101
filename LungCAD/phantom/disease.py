"""Disease painted into a lung, synthetic or real, with its true labels.

Only the parenchyma is replaced: vessels, bronchi and fissures go on through ground glass and emphysema, as
they do in the patient. Partial volume along z is computed from points within the thickness of the slice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.phantom import cavities, emphysema, interstitial
from LungCAD.phantom.lesions import Lesion, LungSpace, healthy_weight
from LungCAD.phantom.mimics import MIMICS
from LungCAD.phantom.structures import Values
from LungCAD.phantom.textures import (
    AIR_HU,
    SOFT_TISSUE_HU,
    Site,
    Texture,
    parenchyma,
    varied_parenchyma,
)

TEXTURES: Mapping[str, Texture] = {
    "healthy": parenchyma,
    "ground_glass": interstitial.ground_glass,
    "consolidation": interstitial.consolidation,
    "reticulation": interstitial.reticulation,
    "honeycombing": interstitial.honeycombing,
    "fibrosis": interstitial.fibrosis,
    "micronodules": interstitial.micronodules,
    "emphysema": emphysema.emphysema,
    "centrilobular_emphysema": emphysema.centrilobular,
    "paraseptal_emphysema": emphysema.paraseptal,
    "panlobular_emphysema": emphysema.panlobular,
    "cavity": cavities.cavity,
    "fungus_ball": cavities.fungus_ball,
    "pleural_thickening": cavities.pleural_thickening,
    **MIMICS,
}
"""How each class looks, by its code in the label schemas, and each mimic by its name."""

VARIED_TEXTURES: Mapping[str, Texture] = {
    "healthy": varied_parenchyma,
    "ground_glass": interstitial.varied_ground_glass,
    "reticulation": interstitial.varied_reticulation,
    "micronodules": interstitial.varied_micronodules,
}
"""More looks of a class, for networks to learn from: the benchmark's lie in the order of one mechanism."""

_PARENCHYMA_HU = -880.0
_BRONCHUS_HU = -940.0  # thinner than any mixture of lung and wall
_SAMPLES_PER_MM = 0.8  # through the thickness of a slice


def paint_disease(
    hu: NDArray,
    space: LungSpace,
    lesions: list[Lesion],
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
    *,
    thickness: float | None = None,
    blur: float = 0.5,
    denoise: float = 0.0,
    level: float | None = None,
    healthy: bool = False,
    textures: Mapping[str, Texture] = TEXTURES,
) -> NDArray[np.float32]:
    """Paint lesions into a CT.

    Parameters
    ----------
    hu : CT (z, y, x) in HU, of the phantom or of a patient; z ascends towards the head.
    space, lesions : the lung voxels of that grid and what lies where (`plan_lesions`).
    spacing : mm, order (z, y, x).
    thickness : of a slice in mm; the spacing along z where None.
    blur : of the scanner in mm (standard deviation), given to what is painted; 0 to blur the volume later.
    denoise : blur in mm (standard deviation, in the slice) that removes the noise of a real scan before the
        change is computed; the noise itself is left in place. 0 for a noiseless phantom.
    level : HU that the parenchyma gets in the median, lower after a deeper breath; None to leave it.
    healthy : also paint the fine structure of healthy parenchyma between the lesions.
    textures : look of each class code.

    Returns
    -------
    The painted CT (z, y, x), float32 HU.
    """
    hu = np.asarray(hu, np.float32)
    pixel = np.mean(spacing[1:]) / np.sqrt(12)
    in_plane = (0, denoise / spacing[1], denoise / spacing[2])
    clean = ndimage.gaussian_filter(hu, in_plane) if denoise else hu
    clean = clean.ravel()[space.index]
    base = parenchyma_level(hu, space, spacing)
    tissue = base if level is None else base + np.float32(level - np.median(base))
    sample = _sampler(space, tissue, thickness or spacing[0], float(np.hypot(blur, pixel)))

    free = healthy_weight(space, lesions)
    texture = free * tissue
    if healthy:
        everywhere = np.flatnonzero(free > 0.01)
        rho = np.ones(len(everywhere), np.float32)
        fine = sample(textures["healthy"], everywhere, rho, rng.spawn(1)[0])
        texture[everywhere] += free[everywhere] * (fine - tissue[everywhere])
    for lesion, own_rng in zip(lesions, rng.spawn(len(lesions)), strict=True):
        values = sample(textures[lesion.code], lesion.voxels, lesion.rho, own_rng)
        texture[lesion.voxels] += lesion.weight * values

    change = np.zeros(space.shape, np.float32)
    change.ravel()[space.index] = _replace_parenchyma(clean, base, texture) - clean
    return hu + change + _change_of_rim(hu, change, space)


def paint_sham(
    hu: NDArray,
    space: LungSpace,
    lesions: list[Lesion],
    spacing: tuple[float, float, float],
    rng: np.random.Generator,
    *,
    thickness: float | None = None,
    blur: float = 0.5,
    denoise: float = 0.0,
    level: float | None = None,
    healthy: bool = False,
) -> NDArray[np.float32]:
    """Paint healthy parenchyma, drawn anew, through the lesions: the truth stays healthy everywhere.

    A method that finds disease here detects the borders of the painting, not disease. Same parameters as
    `paint_disease`.
    """
    shams = dict.fromkeys(["healthy", *(lesion.code for lesion in lesions)], parenchyma)
    scan = {"thickness": thickness, "blur": blur, "denoise": denoise, "level": level, "healthy": healthy}
    return paint_disease(hu, space, lesions, spacing, rng, textures=shams, **scan)


def true_labels(space: LungSpace, lesions: list[Lesion], values: Mapping[str, int]) -> NDArray[np.uint8]:
    """Return the label map (z, y, x): the value of the class with most of a voxel, 0 outside the lung.

    `values` maps class codes to label values; what has none in it, healthy lung or a mimic, is 0.
    """
    most = healthy_weight(space, lesions)
    labels = np.full(len(most), values.get("healthy", 0), np.uint8)
    for lesion in lesions:
        wins = lesion.weight > most[lesion.voxels]
        voxels = lesion.voxels[wins]
        labels[voxels], most[voxels] = values.get(lesion.code, 0), lesion.weight[wins]
    volume = np.zeros(space.shape, np.uint8)
    volume.ravel()[space.index] = labels
    return volume


def parenchyma_level(hu: NDArray, space: LungSpace, spacing: tuple[float, float, float]) -> Values:
    """Return the local HU of the parenchyma (N,): the mean around, without vessels and bronchi."""
    lungs = np.zeros(space.shape, bool)
    lungs.ravel()[space.index] = True
    tissue = lungs & (hu > -970) & (hu < -750)
    typical = np.float32(np.median(hu[tissue])) if tissue.any() else np.float32(-860)
    in_plane = (0, 12 / spacing[1], 12 / spacing[2])
    weight = ndimage.gaussian_filter(tissue.astype(np.float32), in_plane)
    excess = ndimage.gaussian_filter(np.where(tissue, hu - typical, 0).astype(np.float32), in_plane)
    return typical + (excess / (weight + 0.03)).ravel()[space.index]


def _sampler(space: LungSpace, base: Values, thickness: float, blur: float) -> Callable[..., Values]:
    """Return what evaluates a texture at lung voxels, averaged over the thickness of the slice."""
    count = max(1, round(thickness * _SAMPLES_PER_MM))
    offsets = thickness * ((np.arange(count) + 0.5) / count - 0.5)

    def sample(texture: Texture, voxels: NDArray, rho: Values, rng: np.random.Generator) -> Values:
        points = space.points[voxels] + np.stack([offsets, 0 * offsets, 0 * offsets], axis=1)[:, None]
        repeated = (np.tile(values, count) for values in (base[voxels], space.depth[voxels], rho))
        hu = texture(Site(points.reshape(-1, 3), *repeated, blur), rng)
        return hu.reshape(count, -1).mean(axis=0).astype(np.float32)

    return sample


def _change_of_rim(hu: NDArray, change: NDArray, space: LungSpace) -> NDArray[np.float32]:
    """Return the change of voxels that touch the lung, as far as partial volume puts lung in them."""
    lungs = np.zeros(space.shape, np.float32)
    lungs.ravel()[space.index] = 1
    near = ndimage.uniform_filter(lungs, (1, 3, 3))
    neighbours = ndimage.uniform_filter(change, (1, 3, 3)) / np.maximum(near, 1e-3)
    lung_part = np.clip((SOFT_TISSUE_HU - hu) / (SOFT_TISSUE_HU - _PARENCHYMA_HU), 0, 1)
    rim = (lungs == 0) & (near > 1e-3) & (hu > _BRONCHUS_HU)
    return np.where(rim, lung_part * neighbours, 0).astype(np.float32)


def _replace_parenchyma(hu: Values, base: Values, texture: Values) -> Values:
    """Put `texture` where `base` was; vessels (denser) and bronchi (thinner) stay by their partial volume.

    Lost tissue takes the small vessels with it, and where nothing is left the large ones too. Small
    differences below the base, noise as much as bronchi, are carried over as they are.
    """
    excess = hu - base
    left = np.clip((texture - AIR_HU) / (base - AIR_HU), 0, None)
    vessel = np.clip(excess / (SOFT_TISSUE_HU - base), 0, None)
    pruned = vessel ** (1 + 5 * np.clip(1 - left, 0, 1)) * np.clip(left / 0.1, 0, 1)
    certain = np.clip(-excess / 60 - 0.5, 0, 1)
    bronchus = excess * (1 + certain * (left - 1))
    return texture + np.where(excess > 0, pruned * np.clip(SOFT_TISSUE_HU - texture, 0, None), bronchus)
