"""Architectures, one per file, and the names by which weight files call them."""

from torch import nn

from LungCAD.networks.alexnet import AlexNet
from LungCAD.networks.patch_cnn import PatchCNN
from LungCAD.networks.segnet import SegNet
from LungCAD.networks.texture_net import TextureNet
from LungCAD.networks.unet import UNet

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "alexnet": AlexNet,
    "patch_cnn": PatchCNN,
    "segnet": SegNet,
    "texture": TextureNet,
    "unet": UNet,
}
"""All take the number of classes first, then options by name."""

__all__ = ["ARCHITECTURES", "AlexNet", "PatchCNN", "SegNet", "TextureNet", "UNet"]
