"""LungNet's fast evaluation against the plain module."""

from __future__ import annotations

import pytest
import torch

from LungCAD.networks import LungNet
from LungCAD.networks.lungnet import CONFIGURATIONS
from LungCAD.networks.lungnet_inference import BLOCK, lungnet_logits


def trained(classes=6, **options):
    """Return a network whose normalisation and biases have left the values they began with."""
    torch.manual_seed(0)
    network = LungNet(classes, **options).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return network


def plain(network, images):
    with torch.inference_mode():
        return network(images)


@pytest.mark.parametrize("row", CONFIGURATIONS)
def test_the_function_is_the_same_in_every_configuration(row):
    network = trained(4, channels=2, **{**CONFIGURATIONS[row], "kernels": 5}).double()
    images = torch.randn(2, 2, 37, 45, dtype=torch.float64)
    before = images.clone()
    torch.testing.assert_close(lungnet_logits(network, images), plain(network, images), rtol=1e-9, atol=1e-9)
    assert torch.equal(images, before)


def test_labels_of_a_lung_crop_in_single_precision():
    network = trained()
    rows, columns = torch.meshgrid(torch.arange(112.0), torch.arange(80.0), indexing="ij")
    image = torch.sin(rows / 9) * torch.cos(columns / 7) + 0.3 * torch.randn(112, 80)
    expected = plain(network, image[None, None])
    found = lungnet_logits(network, image[None, None])
    assert len(expected.argmax(1).unique()) > 1
    assert (found.argmax(1) == expected.argmax(1)).double().mean() >= 0.9999
    torch.testing.assert_close(found.softmax(1), expected.softmax(1), rtol=0, atol=1e-4)


def test_without_onednn(monkeypatch):
    network, image = trained(3, kernels=4), torch.randn(1, 1, 20, 30)
    fast = lungnet_logits(network, image)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    torch.testing.assert_close(lungnet_logits(network, image), fast, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 2), (1, 70), (BLOCK // 32, 32), (BLOCK // 32, 33)])
def test_any_size(size):
    network = trained(3, kernels=4).double()
    image = torch.randn(1, 1, *size, dtype=torch.float64)
    found = lungnet_logits(network, image)
    assert found.is_contiguous()
    torch.testing.assert_close(found, plain(network, image), rtol=1e-9, atol=1e-9)


def test_images_of_a_batch_do_not_see_each_other():
    network = trained(3, kernels=4)
    images = torch.randn(3, 1, 20, 30) * torch.tensor([1.0, 5.0, 0.1])[:, None, None, None]
    together = lungnet_logits(network, images)
    assert torch.equal(together, torch.cat([lungnet_logits(network, image[None]) for image in images]))


def test_an_image_in_any_memory_order():
    network = trained(3, kernels=4)
    image = torch.randn(1, 1, 40, 30)
    turned = image.transpose(2, 3).contiguous().transpose(2, 3)
    assert torch.equal(lungnet_logits(network, image), lungnet_logits(network, turned))
