"""The sliding network: at lattice points exactly the network on that patch, between them bilinear."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from LungCAD.images import GAO, apply_windows
from LungCAD.networks import PatchCNN
from LungCAD.unary import PatchInput, predict_slices
from LungCAD.unary.sliding import patches_around

PATCHES = PatchInput(8, 8)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    return PatchCNN(3, width=0.25).eval()


@pytest.fixture(scope="module")
def scan():
    rng = np.random.default_rng(0)
    hu = rng.normal(-800, 250, (3, 40, 50)).astype(np.float32)
    mask = np.zeros(hu.shape, bool)
    mask[0, 3:38, 4:47] = True
    mask[2, 11:17, 23:29] = True
    return hu, mask


def by_hand(network, hu, z, y, x, patches):
    """The probabilities of one pixel from its patch, cut and windowed step by step."""
    half = patches.patch_px // 2
    rows = np.clip(np.arange(y - half, y - half + patches.patch_px), 0, hu.shape[1] - 1)
    columns = np.clip(np.arange(x - half, x - half + patches.patch_px), 0, hu.shape[2] - 1)
    colours = apply_windows(hu[z][np.ix_(rows, columns)], GAO) / 255
    mean, sd = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    image = (colours - mean[:, None, None]) / sd[:, None, None]
    with torch.no_grad():
        return network(torch.from_numpy(image[None]).float()).softmax(1)[0].numpy()


@pytest.mark.parametrize("patch_px", [8, 9])
def test_lattice_points_are_the_networks_own_answers(network, scan, patch_px):
    hu, mask = scan
    patches = PatchInput(patch_px, patch_px)
    given = predict_slices(network, hu, mask, patches, stride=10, batch=7)
    for y, x in [(10, 10), (30, 40), (20, 10), (10, 40)]:
        np.testing.assert_allclose(given[:, 0, y, x], by_hand(network, hu, 0, y, x, patches), atol=1e-5)


def test_between_them_it_is_bilinear(network, scan):
    given = predict_slices(network, *scan, PATCHES, stride=10)[:, 0]
    corners = given[:, 10:21:10, 20:31:10].reshape(3, 4)
    weights = np.outer([0.7, 0.3], [0.4, 0.6]).ravel()
    np.testing.assert_allclose(given[:, 13, 26], corners @ weights, atol=1e-5)


def test_with_stride_one_every_pixel_is_asked(network, scan):
    hu, mask = scan
    given = predict_slices(network, hu, mask, PATCHES, stride=1)
    for z, y, x in [(0, 3, 4), (0, 37, 46), (2, 14, 25)]:
        np.testing.assert_allclose(given[:, z, y, x], by_hand(network, hu, z, y, x, PATCHES), atol=1e-5)


def test_mass_is_one_inside_and_nothing_outside(network, scan):
    hu, mask = scan
    given = predict_slices(network, hu, mask, PATCHES)
    assert given.shape == (3, *hu.shape)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given.sum(0)[mask], 1, atol=1e-6)
    assert not given[:, ~mask].any()


def test_a_lung_between_the_lattice_points_is_still_classified(network, scan):
    hu, mask = scan
    given = predict_slices(network, hu, mask, PATCHES, stride=32)
    np.testing.assert_allclose(given[:, 2, 14, 25], by_hand(network, hu, 2, 14, 25, PATCHES), atol=1e-5)


def test_the_size_of_batches_changes_nothing(network, scan):
    one, many = (predict_slices(network, *scan, PATCHES, batch=batch) for batch in (1, 500))
    np.testing.assert_allclose(one, many, atol=1e-6)


def test_patches_at_the_edge_repeat_it():
    plane = np.arange(12.0).reshape(3, 4)
    corner = patches_around(plane, np.array([[0, 0], [2, 3]]), 4)
    assert corner[0].tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [4, 4, 4, 5]]
    assert corner[1, -1].tolist() == [9, 10, 11, 11]


def test_patches_are_scaled_after_they_were_windowed():
    hu = torch.full((1, 32, 32), -1400.0)
    hu[:, :, 16:] = 1000.0
    images = PatchInput(32, 224).images(hu)
    assert images.shape == (1, 3, 224, 224)
    low, high = (images[0, :, 100, column] for column in (0, 223))
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(low, -mean / sd)
    torch.testing.assert_close(high, (1 - mean) / sd)


def test_files_that_do_not_say_how_colours_are_normalised_mean_imagenets():
    data = dataclasses.asdict(PatchInput(8, 16))
    del data["mean"], data["sd"]
    assert PatchInput.from_plain(data) == PatchInput(8, 16)
    halves = PatchInput(8, 8, mean=(0.5, 0.5, 0.5), sd=(0.5, 0.5, 0.5))
    assert PatchInput.from_plain(json.loads(json.dumps(dataclasses.asdict(halves)))) == halves
    hu = torch.full((1, 8, 8), -1400.0)
    assert halves.images(hu).unique().tolist() == [-1.0]


@pytest.mark.parametrize("data", [{}, {"patch_px": 32}, {"patch_px": 8, "image_px": 8, "windows": [1]}])
def test_data_that_describe_no_patches(data):
    with pytest.raises(ValueError, match="does not describe patches"):
        PatchInput.from_plain(data)


def test_what_cannot_be_predicted(network, scan):
    hu, mask = scan
    with pytest.raises(ValueError, match="one shape"):
        predict_slices(network, hu, mask[:2], PATCHES)
    with pytest.raises(ValueError, match="mask is empty"):
        predict_slices(network, hu, np.zeros_like(mask), PATCHES)
    with pytest.raises(ValueError, match="stride"):
        predict_slices(network, hu, mask, PATCHES, stride=0)
    with pytest.raises(ValueError, match="batch"):
        predict_slices(network, hu, mask, PATCHES, batch=0)
