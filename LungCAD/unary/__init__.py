"""Class probabilities of lung pixels before any smoothing: from drawn regions, from a network, or both."""

from LungCAD.unary.network import network_unary, pool
from LungCAD.unary.roi_classifier import RoiClassifier

__all__ = ["RoiClassifier", "network_unary", "pool"]
