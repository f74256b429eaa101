"""Images arrive as they were sent, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.steps import finish
from LungCAD.worker import image_files
from LungCAD.worker.image_files import PlacedVoxels, read_in_steps, write_in_steps

OBLIQUE = tuple(np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0].ravel())
FLIPPED = (0, -1, 0, 0, 0, 1, -1, 0, 0)
LEFT_HANDED = (1, 0, 0, 0, -1, 0, 0, 0, 1)


def image_of(array, vector=False, direction=None):
    image = sitk.GetImageFromArray(array, isVector=vector)
    d = image.GetDimension()
    image.SetSpacing([0.1 + 0.3 * axis for axis in range(d)])
    image.SetOrigin([1 / 3, -1e5, 7.7][:d])
    if direction:
        image.SetDirection(direction)
    return image


def same(a, b):
    return (
        a.GetPixelID() == b.GetPixelID()
        and a.GetSpacing() == b.GetSpacing()
        and a.GetOrigin() == b.GetOrigin()
        and a.GetDirection() == b.GetDirection()
        and np.array_equal(sitk.GetArrayViewFromImage(a), sitk.GetArrayViewFromImage(b))
    )


def there_and_back(image, folder):
    description = json.loads(json.dumps(finish(write_in_steps(image, folder / "image.raw"))))
    return finish(read_in_steps(description, folder))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("direction", [None, OBLIQUE, FLIPPED, LEFT_HANDED])
def test_volumes(tmp_path, dtype, direction):
    array = np.random.default_rng(0).integers(0, 200, (7, 5, 4)).astype(dtype)
    image = image_of(array, direction=direction)
    assert same(there_and_back(image, tmp_path), image)


@pytest.mark.parametrize(
    ("shape", "vector"),
    [((1, 6, 5), False), ((6, 5), False), ((3, 4, 5, 2), True), ((4, 5, 3), True), ((1, 1, 1), False)],
)
def test_one_slice_radiographs_and_vectors(tmp_path, shape, vector):
    image = image_of(np.random.default_rng(0).random(shape, dtype=np.float32), vector)
    assert same(there_and_back(image, tmp_path), image)


@pytest.mark.parametrize("chunk", [1, 100, 250, 10**6])
def test_in_any_number_of_steps(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(image_files, "CHUNK_BYTES", chunk)
    image = image_of(np.random.default_rng(0).integers(0, 9, (11, 10, 10)).astype(np.uint8))
    assert list(write_in_steps(image, tmp_path / "steps.raw"))[-1] == 1.0
    assert same(there_and_back(image, tmp_path), image)


def test_what_is_not_a_number_arrives_too(tmp_path):
    image = image_of(np.array([[[np.nan, np.inf, -0.0]]], np.float32))
    voxels = sitk.GetArrayFromImage(there_and_back(image, tmp_path))
    assert voxels.tobytes() == sitk.GetArrayFromImage(image).tobytes()


def test_a_cut_file_is_an_error_not_a_crash(tmp_path):
    description = finish(write_in_steps(image_of(np.ones((4, 4, 4), np.int16)), tmp_path / "cut.raw"))
    (tmp_path / "cut.raw").write_bytes(b"short")
    with pytest.raises(ValueError, match="mmap"):
        finish(read_in_steps(description, tmp_path))


@pytest.mark.parametrize("direction", [OBLIQUE, LEFT_HANDED])
def test_voxels_of_somebody_else_arrive_like_an_image(tmp_path, direction):
    array = np.random.default_rng(0).integers(0, 200, (7, 5, 4)).astype(np.int16)
    image = image_of(array, direction=direction)
    turned = np.moveaxis(np.moveaxis(array, 0, 2).copy(), 2, 0)  # as a view of another order in memory
    assert same(there_and_back(PlacedVoxels(turned, image[:1, :1, :1]), tmp_path), image)
