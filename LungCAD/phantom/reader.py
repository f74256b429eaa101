"""A fixed simulator of a reader who draws a few regions and leaves the rest of the scan alone.

The reader looks at the fewest slices that show every class, outlines at most a few blobs of each class by
hand, each within one lesion, and never visits every lesion. It is a yardstick: it is not adapted to the
method that is measured with it. `fraction_rois` draws any part of the lung instead, for upper bounds.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.distance import pdist
from skimage.draw import polygon

Pixels = tuple[np.ndarray, np.ndarray]

ATTEMPTS = 30
"""Outlines that the reader tries at a place before looking elsewhere."""

LEAST_FILL = 0.5
"""A blob covers at least this part of the disc as wide as the smallest allowed: no slivers."""


def draw_rois(
    labels: sitk.Image,
    lungs: sitk.Image,
    seed: int,
    blobs_per_class: int = 3,
    diameter_px: tuple[float, float] = (8, 20),
    slice_fraction: float = 0.10,
    max_lung_fraction: float = 0.02,
) -> sitk.Image:
    """Draw sparse regions as a reader with little time would.

    Parameters
    ----------
    labels : uint8, true class per voxel, 0 outside the lung. Slices are the planes of constant z index.
    lungs : lung mask, non-zero inside, on the same grid.
    seed : decides slices, places and outlines; the same seed draws the same regions.
    blobs_per_class : the most blobs drawn of one class in the scan. Healthy counts as a class.
    diameter_px : least and greatest width of a blob, in pixels: its longest extent within its slice.
    slice_fraction : the part of the slices that may carry drawings (at least one slice may).
    max_lung_fraction : the part of the lung's voxels that may be drawn.

    Returns
    -------
    uint8 image on the grid of `labels`: class where drawn, else 0. Each blob lies on one slice, within one
    lesion (a 26-connected component of its class). Of a class with two lesions or more that could hold a
    blob, one is left untouched. A class that shows nowhere with enough room is not drawn.
    """
    rng = np.random.default_rng([seed, 0])
    truth = _truth(labels, lungs)
    spots = (truth > 0) & (_room(truth) >= diameter_px[0] / 2)
    slices = _fewest_slices(truth * spots, max(1, int(slice_fraction * len(truth))), rng)
    lesions = _lesions(truth)
    whole = {int(c): set(np.unique(lesions[spots & (truth == c)])) for c in np.unique(truth[spots])}
    elsewhere = np.ones(len(truth), bool)
    elsewhere[slices] = False
    spots[elsewhere] = False

    rois = np.zeros_like(truth)
    budget = int(max_lung_fraction * np.count_nonzero(truth))
    untouched = {c: set(found) for c, found in whole.items()}
    for _ in range(blobs_per_class):
        for c in rng.permutation(list(whole)):
            spare = untouched[c] if len(untouched[c]) == 1 and len(whole[c]) > 1 else set()
            place = _choose_place(spots & (truth == c), lesions, spare, rng)
            if place is None:
                continue
            z, y, x = place
            blob = _draw_blob(lesions[z] == lesions[place], (y, x), diameter_px, budget, rng)
            _clear_around(spots[z], (y, x), diameter_px[1])
            if blob is not None:
                rois[z][blob] = c
                budget -= len(blob[0])
                untouched[c].discard(lesions[place])
    return _like(rois, labels)


def fraction_rois(
    labels: sitk.Image, lungs: sitk.Image, fraction: float, seed: int, grain_px: float = 4.0
) -> sitk.Image:
    """Draw the given part of the lung (0..1, exact to a voxel), in irregular patches on every slice.

    The patches are where smooth noise (Gaussian, standard deviation `grain_px` pixels within the slice) is
    highest; they know nothing of the classes. Arguments and result otherwise as in `draw_rois`.
    """
    rng = np.random.default_rng([seed, 1])
    truth = _truth(labels, lungs)
    field = ndimage.gaussian_filter(rng.standard_normal(truth.shape), (0, grain_px, grain_px))
    inside = np.flatnonzero(truth)
    chosen = inside[np.argsort(-field.ravel()[inside], kind="stable")[: round(fraction * len(inside))]]
    rois = np.zeros_like(truth)
    rois.ravel()[chosen] = truth.ravel()[chosen]
    return _like(rois, labels)


def _truth(labels: sitk.Image, lungs: sitk.Image) -> np.ndarray:
    if labels.GetSize() != lungs.GetSize():
        raise ValueError("labels and lungs must share one grid")
    return np.uint8(sitk.GetArrayViewFromImage(labels)) * (sitk.GetArrayViewFromImage(lungs) > 0)


def _like(array: np.ndarray, reference: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.CopyInformation(reference)
    return image


def _room(truth: np.ndarray) -> np.ndarray:
    """Distance (pixels, within the slice) to the nearest pixel at a border between classes."""
    border = np.ones(truth.shape, bool)
    inner = truth[:, 1:-1, 1:-1]
    border[:, 1:-1, 1:-1] = (
        (inner != truth[:, :-2, 1:-1])
        | (inner != truth[:, 2:, 1:-1])
        | (inner != truth[:, 1:-1, :-2])
        | (inner != truth[:, 1:-1, 2:])
    )
    return np.stack([ndimage.distance_transform_edt(~edge) for edge in border])


def _fewest_slices(shown: np.ndarray, most: int, rng: np.random.Generator) -> list[int]:
    """Choose at most `most` slices of `shown` (z, y, x; class or 0) that together show the most classes.

    Of all smallest sets one is drawn at random. Slices are grouped by what they show, and a slice that shows
    less than another is not considered: that keeps the exhaustive search small.
    """
    groups: dict[frozenset[int], list[int]] = {}
    for z, plane in enumerate(shown):
        if classes := frozenset(np.unique(plane[plane > 0]).tolist()):
            groups.setdefault(classes, []).append(z)
    groups = {g: members for g, members in groups.items() if not any(g < other for other in groups)}
    everything = frozenset().union(*groups)
    best: list[tuple[frozenset[int], ...]] = [()]
    seen = 0
    for count in range(1, most + 1):
        if seen == len(everything):
            break
        for combination in combinations(groups, count):
            covered = len(frozenset().union(*combination))
            if covered > seen:
                best, seen = [], covered
            if covered == seen and (not best or len(best[0]) == count):
                best.append(combination)
    weights = np.array([np.prod([len(groups[g]) for g in combination]) for combination in best], float)
    chosen = best[rng.choice(len(best), p=weights / weights.sum())]
    return [int(rng.choice(groups[g])) for g in chosen]


def _lesions(truth: np.ndarray) -> np.ndarray:
    """Number the lesions (26-connected components of one class) from 1, over all classes."""
    lesions = np.zeros(truth.shape, np.int32)
    for c in np.unique(truth[truth > 0]):
        numbered, _ = ndimage.label(truth == c, np.ones((3, 3, 3)))
        lesions += np.where(numbered > 0, numbered + lesions.max(), 0).astype(np.int32)
    return lesions


def _choose_place(
    spots: np.ndarray, lesions: np.ndarray, spare: set[int], rng: np.random.Generator
) -> tuple[int, int, int] | None:
    """Choose a lesion, then a voxel of it: small lesions are visited as often as large ones."""
    places = np.argwhere(spots)
    of_lesion = lesions[tuple(places.T)]
    offered = np.setdiff1d(of_lesion, list(spare))
    if not len(offered):
        return None
    z, y, x = rng.choice(places[of_lesion == rng.choice(offered)])
    return int(z), int(y), int(x)


def _draw_blob(
    lesion: np.ndarray,
    centre: tuple[int, int],
    diameter_px: tuple[float, float],
    most_pixels: int,
    rng: np.random.Generator,
) -> Pixels | None:
    least, greatest = diameter_px
    for _ in range(ATTEMPTS):
        outline = _outline(rng.uniform(least, greatest), rng) + centre
        inside = np.zeros_like(lesion)
        inside[polygon(*outline.T, shape=lesion.shape)] = True
        parts, _ = ndimage.label(inside & lesion)
        if not parts[centre]:
            continue
        blob = np.nonzero(parts == parts[centre])
        enough = LEAST_FILL * np.pi / 4 * least**2 <= len(blob[0]) <= most_pixels
        if enough and least <= _across(np.transpose(blob)) <= greatest:
            return blob
    return None


def _outline(diameter: float, rng: np.random.Generator) -> np.ndarray:
    """Return a closed curve as a hand draws it: (36, 2) row and column about the origin, `diameter` long."""
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    radius = np.ones_like(angle)
    for k in range(2, 7):
        radius += rng.normal(0, 0.6 / k**1.5) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    curve = np.maximum(radius, 0.3)[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return curve * (diameter - 1) / pdist(curve).max()


def _across(pixels: np.ndarray) -> float:
    return float(pdist(pixels).max()) + 1 if len(pixels) > 1 else 1.0


def _clear_around(spots: np.ndarray, centre: tuple[int, int], reach: float) -> None:
    """Take away the places near a blob: the next one is drawn elsewhere and cannot overlap it."""
    y, x = np.ogrid[: spots.shape[0], : spots.shape[1]]
    spots[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= reach**2] = False
