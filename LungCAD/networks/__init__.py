"""Architectures, one per file, and the names by which weight files call them."""

from torch import nn

from LungCAD.networks.alexnet import AlexNet
from LungCAD.networks.cnn_f import CNNF
from LungCAD.networks.ild_cnn import ILDCNN
from LungCAD.networks.inception_v3 import InceptionV3
from LungCAD.networks.lungnet import LungNet
from LungCAD.networks.patch_cnn import PatchCNN
from LungCAD.networks.segnet import SegNet
from LungCAD.networks.segnet_vgg import SegNetVGG
from LungCAD.networks.texture_net import TextureNet
from LungCAD.networks.texture_patches import TexturePatches
from LungCAD.networks.unet import UNet
from LungCAD.networks.vgg19 import VGG19

ARCHITECTURES: dict[str, type[nn.Module]] = {
    "alexnet": AlexNet,
    "cnn_f": CNNF,
    "ild_cnn": ILDCNN,
    "inception_v3": InceptionV3,
    "lungnet": LungNet,
    "patch_cnn": PatchCNN,
    "segnet": SegNet,
    "segnet_vgg": SegNetVGG,
    "texture": TextureNet,
    "texture_patches": TexturePatches,
    "unet": UNet,
    "vgg19": VGG19,
}
"""All take the number of classes first, then options by name."""

__all__ = [
    "ARCHITECTURES",
    "CNNF",
    "ILDCNN",
    "VGG19",
    "AlexNet",
    "InceptionV3",
    "LungNet",
    "PatchCNN",
    "SegNet",
    "SegNetVGG",
    "TextureNet",
    "TexturePatches",
    "UNet",
]
