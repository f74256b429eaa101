"""A second, small phantom built on other mechanisms than `LungCAD.phantom`; nothing is tuned on it.

Lungs are superellipsoids with a rough surface, vessels are branching random walks, lesions are warped
Voronoi cells. Textures: fractional Brownian fields (healthy, ground glass), a dead-leaves model (emphysema),
cellular noise after Worley and the labyrinths of reaction and diffusion (fibrosis), the spots of reaction and
diffusion (micronodules). Arrays are (z, y, x); lengths are in millimetres, densities in HU.

Sources: Worley, "A cellular texture basis function", SIGGRAPH 1996. Pearson, "Complex patterns in a simple
system", Science 261, 1993. Lee, Mumford, Huang, "Occlusion models for natural images", IJCV 41, 2001.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import cKDTree

HEALTHY, EMPHYSEMA, GROUND_GLASS, FIBROSIS, MICRONODULES = 1, 2, 3, 4, 5
CELLS_PER_LUNG = 45

FLESH_HU, RIB_HU = 45.0, 500.0

AFFECTED = (0.60, 0.72, 0.41, 0.0)
"""Part of the patients with emphysema, ground glass, fibrosis, micronodules; then about as many slices show
them as in the LTRC (Gao et al., arXiv 1701.05616, table 1), which knows no micronodules."""
EXTENT = (0.03, 0.33)
"""Part of a patient's lung that a disease takes."""


@dataclass(frozen=True)
class Study:
    """A synthetic scan and its truth: ct (int16, HU), labels (uint8, gao5), lungs (1 right, 2 left)."""

    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image
    seed: int


def make_study(
    seed: int,
    size: tuple[int, int, int] = (320, 320, 24),
    spacing: tuple[float, float, float] = (1.0, 1.0, 10.0),
) -> Study:
    """Make one study; `size` and `spacing` (mm) in the order x, y, z. The same seed makes the same study."""
    return _make(seed, size, spacing, _half_diseased)


def make_patient(
    seed: int,
    size: tuple[int, int, int] = (320, 320, 24),
    spacing: tuple[float, float, float] = (1.0, 1.0, 10.0),
) -> Study:
    """Make the study of one patient of many, who has a few of the diseases, or none."""
    return _make(seed, size, spacing, _as_in_patients)


def _half_diseased(rng: np.random.Generator) -> np.ndarray:
    """Parts of the lung that the five classes take: every disease has a share."""
    healthy = rng.uniform(0.43, 0.57)
    return np.concatenate([[healthy], 0.08 + rng.dirichlet(np.full(4, 3.0)) * (1 - healthy - 4 * 0.08)])


def _as_in_patients(rng: np.random.Generator) -> np.ndarray:
    diseased = np.exp(rng.uniform(*np.log(EXTENT), 4)) * (rng.random(4) < AFFECTED)
    return np.concatenate([[1 - diseased.sum()], diseased])


def _make(
    seed: int,
    size: tuple[int, int, int],
    spacing: tuple[float, float, float],
    parts: Callable[[np.random.Generator], np.ndarray],
) -> Study:
    rng = np.random.default_rng([seed, 2])
    shape = size[::-1]
    grid = _millimetres(shape, spacing)
    body, lungs = _thorax(grid, shape, spacing, rng)
    labels, lesions = _lesions(grid, lungs, rng, parts)

    hu = np.where(lungs > 0, _healthy(grid, shape, spacing, rng), body)
    hu = _paint(hu, labels, lesions, spacing, rng)
    vessels = _vessels(grid, lungs, spacing, rng)
    hu = np.where(lungs > 0, hu + vessels * (30 - hu), hu)
    ct = np.clip(_scan(hu, rng), -1024, 3000).round().astype(np.int16)
    return Study(*(_image(array, spacing) for array in (ct, labels, lungs)), seed)


def _millimetres(shape: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """Broadcastable z, y, x coordinates about the middle of the volume; y grows towards the back."""
    axes = [s * (np.arange(n) - (n - 1) / 2) for n, s in zip(shape, spacing[::-1], strict=True)]
    return tuple(np.meshgrid(*axes, indexing="ij", sparse=True))


def _image(array: np.ndarray, spacing: tuple[float, ...]) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    return image


def _fractal(
    shape: tuple[int, ...], spacing: tuple[float, ...], exponent: float, rng: np.random.Generator
) -> np.ndarray:
    """A Gaussian field of zero mean and unit variance whose amplitude falls with frequency ** -exponent."""
    axes = [np.fft.fftfreq(n, s) for n, s in zip(shape, spacing, strict=True)]
    radius = np.sqrt(sum(f**2 for f in np.meshgrid(*axes, indexing="ij", sparse=True)))
    radius[(0,) * len(shape)] = np.inf
    field = np.fft.ifftn(np.fft.fftn(rng.standard_normal(shape)) * radius**-exponent).real
    return (field / field.std()).astype(np.float32)


def _superellipsoid(grid: tuple[np.ndarray, ...], centre: tuple, half: tuple, power: float) -> np.ndarray:
    """Inside-outside function: below 1 inside; `centre` and `half` axes (mm) in the order z, y, x."""
    return sum(np.abs((g - c) / h) ** power for g, c, h in zip(grid, centre, half, strict=True))


def _thorax(grid, shape, spacing, rng) -> tuple[np.ndarray, np.ndarray]:
    """HU of everything but the parenchyma, and the lungs."""
    z, y, x = grid
    wobble = _fractal(shape, spacing[::-1], 2.5, rng)
    torso = _superellipsoid((0 * z, y, x), (0, 0, 0), (1, rng.uniform(100, 112), rng.uniform(140, 150)), 2.4)
    body = np.where(torso < 0.86, FLESH_HU, np.where(torso < 1, -100.0, -1000.0)) + np.zeros(shape)
    heart = _superellipsoid(grid, (-35, -25, 22), (60, 48, 55), 2.2) + 0.1 * wobble
    lungs = np.zeros(shape, np.uint8)
    for value, side in ((1, -1), (2, 1)):
        centre = (5, 3, side * rng.uniform(64, 68))
        half = (rng.uniform(100, 112), rng.uniform(80, 88), rng.uniform(50, 55))
        taper = 1 + 0.0022 * (z - 5)
        tapered = (z, y * taper, (x - centre[2]) * taper + centre[2])
        lung = _superellipsoid(tapered, centre, half, 2.6) + 0.12 * wobble
        above = _diaphragm(grid, centre[2]) > 1
        lungs[(lung < 1) & above & (heart > 1) & (torso < 0.84) & (side * x > 7)] = value
    spine = np.hypot(y - 62, x) < 17 + np.zeros(shape)
    body[spine & (lungs == 0)] = 350
    ribs = (np.abs(torso - 0.83) < 0.035) & (np.sin((z + 0.5 * y) / 9) > 0.55)
    body[ribs & (lungs == 0)] = RIB_HU
    body[(np.hypot(y - 15, x) < 8) & (z > -10) & (lungs == 0)] = -1000  # trachea
    return body, lungs


def _diaphragm(grid: tuple[np.ndarray, ...], middle: float) -> np.ndarray:
    """Inside-outside function of the dome below the lung whose middle is at x = `middle`."""
    return _superellipsoid(grid, (-118, 0, middle), (55, 85, 62), 2.0)


def _lesions(grid, lungs, rng, parts) -> tuple[np.ndarray, np.ndarray]:
    """Class per voxel and number of the Voronoi cell it lies in (0 outside the lung)."""
    shape = lungs.shape
    warp = [7 * ndimage.gaussian_filter(rng.standard_normal(shape), (1, 9, 9)) * 25 for _ in range(2)]
    z, y, x = grid
    points = np.stack(np.broadcast_arrays(z, y + warp[0], x + warp[1]), -1)
    cells = np.zeros(shape, np.int32)
    for lung in (1, 2):
        inside = np.flatnonzero(lungs == lung)
        candidates = points.reshape(-1, 3)[inside]
        centres = candidates[rng.choice(len(inside), CELLS_PER_LUNG, replace=False)]
        cells.ravel()[inside] = cKDTree(centres).query(candidates)[1] + 1 + cells.max()

    volume = np.bincount(cells.ravel())[1:]
    owed = parts(rng) * volume.sum()
    table = np.zeros(len(volume) + 1, np.uint8)
    for cell in np.argsort(-volume * rng.uniform(0.7, 1, len(volume))):
        owner = int(np.argmax(owed))
        table[cell + 1] = owner + 1
        owed[owner] -= volume[cell]
    return table[cells], cells


def _healthy(grid, shape, spacing, rng) -> np.ndarray:
    z, y, _ = grid
    slope, level = rng.uniform(0.2, 0.5), rng.uniform(-875, -835)
    fine = np.stack([_fractal(shape[1:], spacing[1::-1], 0.9, rng) for _ in range(shape[0])])
    broad = _fractal(shape, spacing[::-1], 2.0, rng)
    return level + slope * y - 0.05 * z + 28 * fine + 20 * broad


def _paint(hu, labels, lesions, spacing, rng) -> np.ndarray:
    """Replace the healthy texture within the lesions, with soft borders and a strength of each one's own."""
    strength = rng.uniform(0.75, 1.25, lesions.max() + 1)[lesions]
    labyrinth = _reaction_diffusion(0.037, 0.060, rng)
    spots = _reaction_diffusion(0.030, 0.062, rng)
    painted = hu.copy()
    for z, plane in enumerate(labels):
        if not plane.any():
            continue
        base, vigour, shape = hu[z], strength[z], plane.shape
        haze = _fractal(shape, spacing[1::-1], 1.3, rng)
        coarse = np.clip(0.5 + 1.5 * _fractal(shape, spacing[1::-1], 2.0, rng), 0, 1)
        mesh = coarse * _worley_walls(shape, spacing, rng) + (1 - coarse) * _tiled(
            labyrinth, shape, 0.32, rng
        )
        textures = {
            EMPHYSEMA: base - 20 + _dead_leaves(shape, spacing, rng) * vigour,
            GROUND_GLASS: base + vigour * (150 + 35 * haze),
            FIBROSIS: base + vigour * (30 + 20 * haze + 330 * mesh),
            MICRONODULES: base + 330 * vigour * _some_of(_tiled(spots, shape, 0.4, rng), rng),
        }
        for value, texture in textures.items():
            share = ndimage.gaussian_filter((plane == value).astype(np.float32), 1.2)
            painted[z] += share * (texture - base)
    return painted


def _reaction_diffusion(feed: float, kill: float, rng: np.random.Generator) -> np.ndarray:
    """Gray and Scott's model on a torus (128 x 128) from random seeds; the second substance, 0..1."""
    v = 0.5 * np.kron(rng.random((16, 16)) < 0.3, np.ones((8, 8), np.float32))
    u = 1 - v
    for _ in range(3000):
        reaction = u * v * v
        u += 0.16 * _laplacian(u) - reaction + feed * (1 - u)
        v += 0.08 * _laplacian(v) + reaction - (feed + kill) * v
    return np.clip((v - np.percentile(v, 2)) / np.ptp(np.percentile(v, [2, 98])), 0, 1)


def _laplacian(a: np.ndarray) -> np.ndarray:
    return np.roll(a, 1, 0) + np.roll(a, -1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 1) - 4 * a


def _tiled(pattern: np.ndarray, shape: tuple[int, int], zoom: float, rng: np.random.Generator) -> np.ndarray:
    """Cover a slice with the periodic pattern, turned, shifted and bent at random."""
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]] + rng.uniform(0, 100, (2, 1, 1))
    y, x = (c + 60 * ndimage.gaussian_filter(rng.standard_normal(shape), 12) for c in (y, x))
    rotated = np.cos(turn) * y - np.sin(turn) * x, np.sin(turn) * y + np.cos(turn) * x
    return ndimage.map_coordinates(pattern, np.stack(rotated) / zoom, order=1, mode="grid-wrap")


def _some_of(spots: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep two spots of three, each with a density of its own."""
    numbered, count = ndimage.label(spots > 0.45)
    density = rng.uniform(0.5, 1, count + 1) * (rng.random(count + 1) < 0.67)
    density[0] = 0
    return spots * ndimage.grey_dilation(density[numbered], 3)


def _worley_walls(shape: tuple[int, int], spacing: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """Walls (0..1) between the cells of random points: high where the two nearest are equally far."""
    extent = np.array(shape) * spacing[1::-1]
    points = rng.random((int(extent.prod() / 40), 2)) * extent
    pixels = np.moveaxis(np.mgrid[: shape[0], : shape[1]], 0, -1) * spacing[1::-1]
    near = cKDTree(points).query(pixels, k=2)[0]
    return np.exp(-(((near[..., 1] - near[..., 0]) / 1.6) ** 2))


def _dead_leaves(shape: tuple[int, int], spacing: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """Change of density where opaque discs fell on one another: mostly holes, some tissue left between."""
    canvas = np.zeros(shape)
    y, x = np.ogrid[: shape[0], : shape[1]]
    count = int(np.prod(shape) / 25)
    radii = 1.2 * (1 - rng.random(count) * (1 - (1.2 / 7) ** 2)) ** -0.5 / spacing[0]
    values = np.where(rng.random(count) < 0.3, rng.normal(-10, 15, count), rng.normal(-120, 25, count))
    centres = rng.random((2, count)) * np.array(shape)[:, None]
    for cy, cx, r, value in zip(*centres, radii, values, strict=True):
        rows, columns = (slice(max(0, int(c - r)), int(c + r) + 2) for c in (cy, cx))
        leaf = (y[rows] - cy) ** 2 + (x[:, columns] - cx) ** 2 <= r * r
        canvas[rows, columns][leaf] = value
    return canvas


def _vessels(grid, lungs, spacing, rng) -> np.ndarray:
    """Partial volume (0..1) of branching random walks that set out from either hilum."""
    field = np.zeros(lungs.shape, np.float32)
    for side in (-1, 1):
        walks = [(np.array([-5.0, 12, side * 25]), _unit(rng.normal(0, 1, 3)), 3.5) for _ in range(10)]
        while walks:
            position, heading, radius = walks.pop()
            for _ in range(int(rng.uniform(10, 22))):
                heading = _unit(heading + rng.normal(0, 0.12, 3))
                position = position + 1.5 * heading
                _stamp(field, grid, position, radius)
            if radius > 0.9:
                thinner = radius * rng.uniform(0.65, 0.85, 2)
                walks += [(position, _unit(heading + rng.normal(0, 0.5, 3)), r) for r in thinner]
    return field * (lungs > 0)


def _stamp(field: np.ndarray, grid: tuple[np.ndarray, ...], position: np.ndarray, radius: float) -> None:
    """Put a soft disc into the slice nearest to `position`; a thin vessel fills part of a thick slice."""
    z, y, x = (g.ravel() for g in grid)
    rows = np.flatnonzero(np.abs(y - position[1]) < radius + 2)
    columns = np.flatnonzero(np.abs(x - position[2]) < radius + 2)
    if len(rows) and len(columns):
        slice_ = int(np.argmin(np.abs(z - position[0])))
        window = field[slice_, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        gap = np.hypot(y[rows, None] - position[1], x[None, columns] - position[2])
        np.maximum(window, min(1, radius / 4) * np.clip(radius / 2 - gap + 0.8, 0, 1), out=window)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _scan(hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur as the scanner does within the slice, and add noise that is correlated there."""
    noise = ndimage.gaussian_filter(rng.standard_normal(hu.shape), (0, 0.8, 0.8))
    return ndimage.gaussian_filter(hu, (0, 0.6, 0.6)) + rng.uniform(10, 22) * noise / noise.std()
