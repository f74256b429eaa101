"""Half precision gives the labels of single precision."""

import torch

from LungCAD.networks.half_precision import half_precision_logits
from LungCAD.weights import load_network
from LungCAD.weights.shipped import shipped


def test_labels_hardly_change():
    network, _ = load_network(shipped("lungnet-six"))
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(torch.rand(2, 1, 12, 9), (96, 72), mode="bicubic")
    images = (smooth + 0.03 * torch.randn(2, 1, 96, 72)).clamp(0, 1)
    with torch.inference_mode():
        single = network(images)
    half = half_precision_logits(network, images)
    assert half.dtype == torch.float32 and half.shape == single.shape
    assert len(single.argmax(1).unique()) > 2, "an image of one class would prove nothing"
    assert (half.argmax(1) == single.argmax(1)).float().mean() > 0.97
    assert (half.softmax(1) - single.softmax(1)).abs().mean() < 0.01
