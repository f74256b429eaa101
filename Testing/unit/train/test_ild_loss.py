"""The semi-supervised loss against its closed form, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from LungCAD.train.ild.loss import OUTSIDE, UNLABELLED, class_weights, literal_sum, set_means, weighted_means

MEANS = (weighted_means, set_means)


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 3, 4, 5))
    labels = rng.integers(OUTSIDE, 3, (2, 4, 5))
    return torch.from_numpy(logits), torch.from_numpy(labels), torch.tensor([0.5, 1.0, 4.0]).double()


def by_pixel(logits, labels, weights):
    """Return lists of (weight, cross entropy) of labelled and of entropies of unlabelled pixels."""
    labelled, unlabelled = [], []
    for image, plane in zip(logits.numpy(), labels.numpy(), strict=True):
        for (y, x), label in np.ndenumerate(plane):
            probabilities = np.exp(image[:, y, x]) / np.exp(image[:, y, x]).sum()
            if label >= 0:
                labelled.append((weights[label].item(), -math.log(probabilities[label])))
            elif label == UNLABELLED:
                unlabelled.append(-sum(p * math.log(p) for p in probabilities))
    return labelled, unlabelled


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_weighted_means(case, share):
    labelled, unlabelled = by_pixel(*case)
    supervised = sum(w * h for w, h in labelled) / sum(w for w, _ in labelled)
    expected = (1 - share) * supervised + share * np.mean(unlabelled)
    assert weighted_means(*case, unsupervised_weight=share).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_set_means(case, share):
    labelled, unlabelled = by_pixel(*case)
    supervised = sum(w * h for w, h in labelled) / len(labelled)
    expected = (1 - share) * supervised + share * np.mean(unlabelled)
    assert set_means(*case, unsupervised_weight=share).item() == pytest.approx(expected, rel=1e-12)


def test_a_slice_of_one_class_counts_by_its_weight_only_in_set_means():
    logits, weights = torch.zeros(1, 2, 3, 3), torch.tensor([0.5, 2.0])
    losses = {loss: [loss(logits, torch.full((1, 3, 3), c), weights, 0) for c in (0, 1)] for loss in MEANS}
    assert losses[weighted_means][0] == losses[weighted_means][1]
    assert losses[set_means][1] == pytest.approx(4 * losses[set_means][0])


def test_literal_sum(case):
    labelled, unlabelled = by_pixel(*case)
    alpha = len(labelled) / len(unlabelled)
    expected = sum(w * h for w, h in labelled) + alpha * 0.1 * sum(unlabelled)
    assert literal_sum(*case).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", [weighted_means, set_means, literal_sum])
def test_pixels_outside_take_no_part(case, loss):
    logits, labels, weights = case
    logits.requires_grad_()
    loss(logits, labels, weights).backward()
    touched = logits.grad.abs().sum(1) > 0
    assert torch.equal(touched, labels != OUTSIDE)


@pytest.mark.parametrize(
    ("loss", "only", "taught"),
    [
        (weighted_means, 0, True),
        (weighted_means, UNLABELLED, True),
        (weighted_means, OUTSIDE, False),
        (set_means, 0, True),
        (set_means, UNLABELLED, True),
        (set_means, OUTSIDE, False),
        (literal_sum, 0, True),
        (literal_sum, UNLABELLED, False),
        (literal_sum, OUTSIDE, False),
    ],
)
def test_a_slice_of_one_kind_of_pixels(loss, only, taught):
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    value = loss(logits, torch.full((1, 4, 4), only), torch.ones(3))
    value.backward()
    assert value.isfinite()
    assert logits.grad.isfinite().all()
    assert (value > 0) == taught


@pytest.mark.parametrize("loss", [weighted_means, set_means, literal_sum])
def test_certain_outputs_have_finite_gradients(loss):
    logits = torch.full((1, 2, 2, 2), 0.0)
    logits[:, 0] = 500.0
    logits.requires_grad_()
    loss(logits, torch.tensor([[[0, 1], [UNLABELLED, OUTSIDE]]]), torch.ones(2)).backward()
    assert logits.grad.isfinite().all()


def test_weights_are_inverse_to_frequency_and_one_at_the_median():
    weights = class_weights(np.array([100, 400, 200]))
    np.testing.assert_allclose(weights, [2, 0.5, 1])


def test_a_class_without_pixels_has_no_weight():
    with pytest.raises(ValueError, match=r"pixels: classes \[1\]"):
        class_weights(np.array([100, 0]))
