"""Class probabilities of lung pixels before any smoothing: from drawn regions, from a network, or both."""

from LungCAD.unary.described import DescribedSlice
from LungCAD.unary.network import network_unary, pool
from LungCAD.unary.patch_input import PatchInput
from LungCAD.unary.roi_classifier import RoiClassifier
from LungCAD.unary.sliding import predict_slices
from LungCAD.unary.texture import TextureDescription
from LungCAD.unary.vicinity import vicinity_prior

__all__ = [
    "DescribedSlice",
    "PatchInput",
    "RoiClassifier",
    "TextureDescription",
    "network_unary",
    "pool",
    "predict_slices",
    "vicinity_prior",
]
