"""ImageNet weights of the networks for projections: registered, and taken over but for the last layers."""

from __future__ import annotations

import pytest
import torch

from LungCAD.errors import InputError
from LungCAD.networks import VGG19, InceptionV3
from LungCAD.weights import registered, start_from_imagenet

ANEW = ("classifier.", "fc.")


def test_the_official_files_are_registered_with_their_checksums():
    assert registered("vgg19-imagenet").url.endswith("/vgg19-dcbb9e9d.pth")
    assert registered("vgg19-imagenet").sha256 == "dcbb9e9d"
    assert registered("inception_v3-imagenet").url.endswith("/inception_v3_google-0cc3c7bd.pth")
    assert registered("inception_v3-imagenet").sha256 == "0cc3c7bd"


@pytest.mark.parametrize(
    ("published", "own"),
    [
        (lambda: VGG19(10, width=1 / 32), lambda: VGG19(2, width=1 / 32, head="flat")),
        (
            lambda: InceptionV3(10, auxiliary=True, width=1 / 32),
            lambda: InceptionV3(2, head="dense", width=1 / 32),
        ),
    ],
)
def test_all_but_the_new_head_is_taken_over(published, own):
    torch.manual_seed(0)
    state = {
        name: torch.randn_like(tensor)
        for name, tensor in published().state_dict().items()
        if not name.endswith("num_batches_tracked")  # older files have none
    }
    network = own()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    start_from_imagenet(network, state, anew=ANEW)
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        assert torch.equal(tensor, before[name] if name.startswith(ANEW) else state[name]), name


def test_a_missing_layer_or_another_width_is_refused():
    state = VGG19(10, width=1 / 32).state_dict()
    with pytest.raises(InputError, match="do not fit"):
        start_from_imagenet(VGG19(2, width=1 / 16, head="flat"), state, anew=ANEW)
    del state["features.7.bias"]
    with pytest.raises(InputError, match="do not fit"):
        start_from_imagenet(VGG19(2, width=1 / 32, head="flat"), state, anew=ANEW)
