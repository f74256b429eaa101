"""Patches told by what a texture network says of their pixels."""

from __future__ import annotations

import numpy as np
import torch

from LungCAD.networks import TexturePatches, texture_patches
from LungCAD.unary.patch_input import PatchInput
from LungCAD.unary.texture import WINDOWS_HU, texture_images

HALVES = (0.5, 0.5, 0.5)
INPUT = PatchInput(21, 21, WINDOWS_HU, HALVES, HALVES)


def seen_by(network, images):
    """Return what the texture network within is shown."""
    shown = []
    network.texture.register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    network(images)
    return shown[0]


def test_the_texture_network_sees_what_it_learned_from():
    hu = torch.from_numpy(np.random.default_rng(0).normal(-800, 200, (3, 21, 21)).astype(np.float32))
    shown = seen_by(TexturePatches(4), INPUT.images(hu))
    torch.testing.assert_close(shown, texture_images(hu, torch.ones_like(hu, dtype=torch.bool)).contiguous())


def test_logits_are_of_mean_and_spread_over_the_patch():
    torch.manual_seed(0)
    network = TexturePatches(4).double().eval()
    images = torch.rand(5, 3, 21, 21, dtype=torch.float64) * 2 - 1
    network.standardise(images)
    torch.nn.init.normal_(network.classifier.weight)
    torch.nn.init.normal_(network.classifier.bias)
    with torch.inference_mode():
        given = network(images).numpy()
        described = network.texture(torch.cat([images, torch.ones(5, 1, 21, 21)], 1)).numpy()
    summary = np.concatenate(
        [f for maps in (described, images.numpy()) for f in (maps.mean((2, 3)), maps.std((2, 3)))], axis=1
    )
    summary = (summary - summary.mean(0)) / np.maximum(summary.std(0), 1e-3)
    weight, bias = (p.detach().numpy() for p in network.classifier.parameters())
    np.testing.assert_allclose(given, summary @ weight.T + bias, atol=1e-3)  # the root's offset


def test_many_patches_are_standardised_in_parts(monkeypatch):
    torch.manual_seed(0)
    network, images = TexturePatches(2), torch.rand(7, 3, 12, 12)
    network.standardise(images)
    whole = network.centre.clone(), network.scale.clone()
    monkeypatch.setattr(texture_patches, "AT_ONCE", 3)
    network.standardise(images)
    torch.testing.assert_close((network.centre, network.scale), whole)


def test_an_even_patch_teaches_finite_slopes():
    network = TexturePatches(2)
    network.classifier.weight.data.fill_(1.0)
    network(torch.zeros(2, 3, 9, 9)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_a_new_network_prefers_nothing():
    assert not TexturePatches(3)(torch.rand(2, 3, 9, 9)).any()
