"""The same film in other clothes: what the shipped network finds must hardly change."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.transform import ProjectiveTransform, resize, rotate, warp

from LungCAD.images import read_radiograph

LUNG, UNKNOWN = 255, 127
EVERY = 7
"""One film in so many is looked at."""

MOST_LOST = 0.03

AS_IT_IS = {"order": 0, "preserve_range": True}
"""Masks keep their values."""


@pytest.fixture(scope="module")
def films(real_data, xray_segmenter, tmp_path_factory):
    """Films (0..1), their masks, and how well their lungs are found as they are."""
    folder = real_data / "cxr_lungs"
    with (folder / "pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::EVERY]
    films = []
    for row in rows:
        film = sitk.GetArrayFromImage(read_radiograph(folder / row["image"]))
        mask = np.asarray(Image.open(folder / row["mask"]).convert("L"))
        films.append((film, mask, iou(xray_segmenter, save(film, tmp_path_factory.mktemp("film")), mask)))
    return films


def save(film, folder, bits=8, suffix="png"):
    path = folder / f"film.{suffix}"
    Image.fromarray((film * (2**bits - 1)).astype(np.uint16 if bits > 8 else np.uint8)).save(path)
    return path


def iou(segmenter, path, mask):
    (result,) = segmenter.segment([read_radiograph(path)])
    found = (sitk.GetArrayFromImage(result.labels) > 0) & (mask != UNKNOWN)
    lung = mask == LUNG
    return (found & lung).sum() / (found | lung).sum()


def turned(film, mask, degrees=10):
    """A film laid askew, all of it in the picture."""
    return rotate(film, degrees, resize=True), rotate(mask, degrees, resize=True, **AS_IT_IS).astype(np.uint8)


def photographed(film, mask):
    """A film on a light box, seen at an angle by a phone: darker corners, blur, grain."""
    height, width = film.shape
    scale = np.diag([width, height, 1.0])
    askew = np.array([[1.06, 0.03, -0.03], [-0.02, 1.05, -0.02], [0.08, -0.06, 1.0]])
    to_film = ProjectiveTransform(scale @ askew @ np.linalg.inv(scale))
    picture = warp(film, to_film, cval=0.1)
    y, x = np.meshgrid(*(np.linspace(-1, 1, size) for size in film.shape), indexing="ij")
    picture = gaussian_filter(picture, max(film.shape) / 800) ** 0.8 * (1 - 0.15 * (x**2 + y**2)) + 0.05 * x
    picture += 0.015 * np.random.default_rng(0).standard_normal(film.shape)
    return picture.clip(0, 1), warp(mask, to_film, **AS_IT_IS).astype(np.uint8)


def cropped(film, mask):
    """What lies far from the lungs is cut off."""
    box = []
    for axis in (1, 0):
        lit = np.flatnonzero((mask == LUNG).any(axis))
        margin = mask.shape[1 - axis] // 50
        box.append(slice(max(lit[0] - margin, 0), lit[-1] + margin))
    return film[tuple(box)], mask[tuple(box)]


def framed(film, mask):
    """A film on a screen that is much wider than it, black at both sides."""
    beside = [(0, 0), (film.shape[1] // 3,) * 2]
    return np.pad(film, beside), np.pad(mask, beside)


def with_longest(film, mask, longest):
    factor = longest / max(film.shape)
    shape = tuple(round(factor * size) for size in film.shape)
    nearest = resize(mask, shape, anti_aliasing=False, **AS_IT_IS)
    return resize(film, shape, anti_aliasing=factor < 1).astype(np.float32), nearest.astype(np.uint8)


VERSIONS = {
    "a phone's photograph": (photographed, {"suffix": "jpg"}),
    "inverted": (lambda film, mask: (1 - film, mask), {}),
    "turned by 10 degrees": (turned, {}),
    "turned back by 10 degrees": (lambda film, mask: turned(film, mask, -10), {}),
    "cropped": (cropped, {}),
    "in a black frame": (framed, {}),
    "16 bits": (lambda film, mask: (film, mask), {"bits": 16}),
    "256 pixels": (lambda film, mask: with_longest(film, mask, 256), {}),
    "4892 pixels": (lambda film, mask: with_longest(film, mask, 4892), {}),
}


@pytest.mark.data
@pytest.mark.parametrize("name", VERSIONS)
def test_lungs_are_found_as_well_as_before(xray_segmenter, films, tmp_path, name):
    version, file = VERSIONS[name]
    # Enlarging a film takes seconds: two will do.
    chosen = films[:2] if name == "4892 pixels" else films
    lost = []
    for film, mask, before in chosen:
        other, its_mask = version(film, mask)
        lost.append(before - iou(xray_segmenter, save(other, tmp_path, **file), its_mask))
    print(f"{name}: lost {np.mean(lost):.3f} of IoU, {max(lost):.3f} at most")
    assert np.mean(lost) <= MOST_LOST
