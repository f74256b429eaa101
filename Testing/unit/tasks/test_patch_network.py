"""A patch network applied to a scan, whatever way the scan is stored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.errors import InputError
from LungCAD.images import GAO, same_geometry
from LungCAD.labels import load_schema
from LungCAD.networks import PatchCNN
from LungCAD.tasks import patch_network
from LungCAD.unary import PatchInput, predict_slices
from LungCAD.weights import ModelCard, NetworkDescription, save_network

GAO5 = load_schema("gao5")
PATCHES = PatchInput(8, 8)
DESCRIPTION = NetworkDescription(
    architecture="patch_cnn",
    options={"width": 0.25},
    schema="gao5",
    classes=("fibrosis", "healthy"),
    input=dataclasses.asdict(PATCHES),
    card=ModelCard("Test", "Nothing.", "CC0", True, "none", 0, "None."),
)
PARAMETERS = patch_network.PatchNetworkParameters(stride=4, device="cpu")


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PatchCNN(2, width=0.25).eval()


@pytest.fixture
def weights(network, tmp_path):
    save_network(network, DESCRIPTION, tmp_path / "network.safetensors")
    return tmp_path / "network.safetensors"


@pytest.fixture
def scan():
    """CT and lungs in the patient's axes, 0.8 x 0.8 x 5 mm."""
    hu = np.random.default_rng(0).normal(-800, 150, (3, 24, 30)).astype(np.int16)
    lungs = np.zeros(hu.shape, np.uint8)
    lungs[:2, 4:20, 5:26] = 1
    images = sitk.GetImageFromArray(hu), sitk.GetImageFromArray(lungs)
    for image in images:
        image.SetSpacing((0.8, 0.8, 5.0))
    return images


def channels(image):
    return np.moveaxis(sitk.GetArrayFromImage(image), -1, 0)


def test_every_class_goes_to_its_label(network, weights, scan):
    result = patch_network.run(weights, *scan, GAO5, PARAMETERS)
    hu, lungs = (sitk.GetArrayFromImage(image) for image in scan)
    expected = predict_slices(network, hu, lungs, PATCHES, stride=4)
    given = channels(result.probabilities)
    assert same_geometry(result.probabilities, scan[0])
    assert given.shape[0] == 5
    np.testing.assert_allclose(given[GAO5.codes.index("fibrosis")], expected[0], atol=1e-6)
    np.testing.assert_allclose(given[GAO5.codes.index("healthy")], expected[1], atol=1e-6)
    assert not given[[1, 2, 4]].any()
    assert result.card.synthetic
    assert PATCHES.windows == GAO


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True)])
def test_the_storage_order_of_the_scan_changes_nothing(weights, scan, order, flips):
    plain = patch_network.run(weights, *scan, GAO5, PARAMETERS).probabilities
    turned = [sitk.Flip(sitk.PermuteAxes(image, order), flips) for image in scan]
    given = patch_network.run(weights, *turned, GAO5, PARAMETERS).probabilities
    assert same_geometry(given, turned[0])
    expected = sitk.Flip(sitk.PermuteAxes(plain, order), flips)
    np.testing.assert_allclose(channels(given), channels(expected), atol=1e-6)


def test_an_oblique_scan(weights, scan):
    plain = patch_network.run(weights, *scan, GAO5, PARAMETERS).probabilities
    turn = sitk.VersorTransform((0, 0, 1), np.radians(20)).GetMatrix()
    for image in scan:
        image.SetDirection(turn)
    given = patch_network.run(weights, *scan, GAO5, PARAMETERS).probabilities
    assert same_geometry(given, scan[0])
    np.testing.assert_allclose(channels(given), channels(plain), atol=1e-6)


def test_what_cannot_be_used(network, weights, scan, tmp_path):
    ct, lungs = scan
    with pytest.raises(InputError, match="schema lungnet6 lacks"):
        patch_network.run(weights, ct, lungs, load_schema("lungnet6"), PARAMETERS)
    with pytest.raises(InputError, match="lung mask: is empty"):
        patch_network.run(weights, ct, lungs * 0, GAO5, PARAMETERS)
    with pytest.raises(InputError, match="CT: is not a volume"):
        patch_network.run(weights, ct[:, :, 0], lungs[:, :, 0], GAO5, PARAMETERS)
    with pytest.raises(InputError, match="another grid"):
        patch_network.run(weights, ct, lungs[1:], GAO5, PARAMETERS)
    other = tmp_path / "other.safetensors"
    save_network(network, dataclasses.replace(DESCRIPTION, input={}), other)
    with pytest.raises(InputError, match="no network of patches"):
        patch_network.run(other, ct, lungs, GAO5, PARAMETERS)
