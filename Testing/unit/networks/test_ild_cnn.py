"""ILD-CNN at every pixel: the patch network, once per pixel."""

from __future__ import annotations

import numpy as np
import torch

from LungCAD.networks import ILDCNN, PatchCNN


def test_the_number_of_parameters_follows_from_the_papers():
    network = ILDCNN(6)
    assert sum(parameter.numel() for parameter in network.features.parameters()) == 95_144
    assert sum(parameter.numel() for parameter in network.parameters()) == 471_278


def test_every_pixel_gets_what_the_patch_network_says_of_its_patch():
    torch.manual_seed(0)
    patches, pixels = PatchCNN(4, width=0.25, channels=2).eval(), ILDCNN(4, width=0.25, channels=2).eval()
    pixels.load_state_dict(patches.state_dict())
    image = torch.randn(1, 2, 21, 34)
    padded = np.pad(image[0].numpy(), ((0, 0), (16, 15), (16, 15)))
    with torch.inference_mode():
        found = pixels(image)[0]
        for y, x in [(0, 0), (20, 33), (10, 17), (3, 30)]:
            patch = torch.from_numpy(padded[None, :, y : y + 32, x : x + 32])
            torch.testing.assert_close(found[:, y, x], patches(patch)[0], atol=1e-5, rtol=1e-4)


def test_a_pixel_sees_its_patch():
    torch.manual_seed(0)
    image = torch.randn(1, 1, 50, 60, requires_grad=True)
    ILDCNN(2, width=0.25).eval()(image)[0, 0, 25, 30].backward()
    places = np.argwhere(image.grad[0, 0].numpy() != 0)
    assert [*places.min(0), *places.max(0)] == [25 - 16, 30 - 16, 25 + 15, 30 + 15]
