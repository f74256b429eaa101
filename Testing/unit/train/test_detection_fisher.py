"""Fisher vectors against scikit-image, and the detector built on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.feature import fisher_vector
from sklearn.mixture import GaussianMixture

from LungCAD.networks import CNNF
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.fisher import (
    LAYERS,
    FisherVectors,
    descriptors_of,
    fit_fisher_detector,
    fit_mixture,
)
from LungCAD.train.detection.slices import DISEASES, SliceSet

M = 5


@pytest.fixture(scope="module")
def descriptors():
    """Three sets of 400 descriptors of 12 channels with offsets and scales of their own."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 3, (3, 400, 1)) * rng.normal(0, 2, 12)
    values = np.maximum(rng.normal(0.3, 1, (3, 400, 12)) + groups, 0)
    return (values * 10 ** rng.uniform(-2, 2, 12) + rng.uniform(0, 30, 12)).astype(np.float32)


@pytest.fixture(scope="module")
def mixture(descriptors):
    return fit_mixture(descriptors.reshape(-1, 12), M)


def by_scikit_image(descriptors, mixture):
    return np.stack([fisher_vector(one.astype(np.float64), mixture)[M:] for one in descriptors])


def test_as_scikit_image_without_its_weight_terms(descriptors, mixture):
    expected = by_scikit_image(descriptors, mixture)
    for dtype, tolerance in ((torch.float32, 3e-4), (torch.float64, 1e-6)):
        found = FisherVectors(mixture, dtype=dtype)(torch.tensor(descriptors)).numpy()
        assert found.shape == (3, 2 * M * 12)
        np.testing.assert_allclose(found, expected, atol=tolerance)


def test_single_precision_is_enough_for_activations():
    torch.manual_seed(0)
    with torch.inference_mode():
        sets = descriptors_of(CNNF(4, width=1 / 16, dense=8).eval(), "conv3", torch.randn(4, 3, 224, 224))
    mixture = fit_mixture(sets.numpy().reshape(-1, 16), M)
    np.testing.assert_allclose(
        FisherVectors(mixture)(sets), by_scikit_image(sets.numpy(), mixture), atol=1e-4
    )


def test_power_and_length(descriptors, mixture):
    plain, rooted, unit = (
        FisherVectors(mixture, *options)(torch.tensor(descriptors)).numpy()
        for options in ((), (True, False), (True, True))
    )
    np.testing.assert_allclose(rooted, np.sign(plain) * np.sqrt(np.abs(plain)), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-5)


def test_order_of_descriptors_does_not_matter(descriptors, mixture):
    encode = FisherVectors(mixture)
    shuffled = np.random.default_rng(1).permutation(descriptors, axis=1)
    first, second = (encode(torch.tensor(d)) for d in (descriptors, shuffled))
    np.testing.assert_allclose(first, second, atol=1e-3 * first.abs().max().item())


def test_descriptors_drawn_from_the_mixture_have_a_short_vector():
    mixture = GaussianMixture(2, covariance_type="diag", random_state=0)
    rng = np.random.default_rng(2)
    drawn = np.concatenate([rng.normal(0, 1, (30000, 3)), rng.normal(8, 2, (30000, 3))])
    mixture.fit(drawn)
    vector = FisherVectors(mixture)(torch.tensor(drawn[None], dtype=torch.float32))
    assert vector.abs().max() < 0.01


def test_a_mixture_with_full_covariance_is_refused():
    with pytest.raises(ValueError, match="diag"):
        FisherVectors(GaussianMixture(2).fit(np.random.default_rng(0).normal(size=(50, 2))))


@pytest.mark.parametrize(
    ("layer", "places", "channels"),
    [("conv1", 54 * 54, 4), ("conv2", 27 * 27, 16), ("conv5", 13 * 13, 16), ("fc6", 1, 8)],
)
def test_descriptors_of_a_layer_are_its_activations(layer, places, channels):
    torch.manual_seed(0)
    network = CNNF(4, width=1 / 16, dense=8).eval()
    found = descriptors_of(network, layer, torch.randn(2, 3, 224, 224))
    assert found.shape == (2, places, channels)
    assert (found >= 0).all()
    assert (found > 0).any()


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="conv1"):
        descriptors_of(CNNF(4, width=1 / 64, dense=2), "conv9", torch.zeros(1, 3, 224, 224))


def test_a_texture_that_is_anywhere_in_the_slice_is_found():
    rng = np.random.default_rng(3)
    images = rng.integers(100, 110, (72, 3, 224, 224), dtype=np.uint8)
    present = rng.random((72, 4)) < 0.5
    for image, there in zip(images, present[:, 0], strict=True):
        if there:
            row, column = rng.integers(0, 160, 2)
            image[:, row : row + 64, column : column + 64] += rng.integers(0, 120, (64, 64), dtype=np.uint8)
    slices = SliceSet(
        images,
        np.where(present, 5000.0, 0.0).astype(np.float32),
        np.arange(72).astype(str),
        DISEASES,
        DetectionInput(),
        "noise",
        "none",
    )
    torch.manual_seed(0)
    network = CNNF(4, width=1 / 16, dense=8).eval()
    learned, tested = np.arange(48), np.arange(48, 72)
    detector = fit_fisher_detector(
        network, "conv1", slices, present[learned].astype(float), learned, components=3, dimensions=6
    )
    scores = detector.scores(slices, tested)[:, 0]
    truth = present[tested, 0]
    assert scores[truth].min() > scores[~truth].max()
    assert set(LAYERS) == {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6"}


def test_there_are_no_more_components_than_descriptors():
    few = np.random.default_rng(0).standard_normal((5, 3))
    mixture = fit_mixture(few, 32)
    assert mixture.n_components == 5 and np.isfinite(mixture.means_).all()
