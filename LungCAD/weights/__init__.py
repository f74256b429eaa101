"""Weights of networks: safetensors files that say what they are, checked before they are used."""

from LungCAD.weights.card import ModelCard
from LungCAD.weights.description import BACKGROUND, NetworkDescription
from LungCAD.weights.imagenet import imagenet_state, start_from_imagenet
from LungCAD.weights.registry import WeightsEntry, registered
from LungCAD.weights.store import load_network, save_network

__all__ = [
    "BACKGROUND",
    "ModelCard",
    "NetworkDescription",
    "WeightsEntry",
    "imagenet_state",
    "load_network",
    "registered",
    "save_network",
    "start_from_imagenet",
]
