"""Where in an image a network saw what it says, and whether that can be believed."""

from LungCAD.saliency.faithfulness import Forgotten, PixelCurve, deletion, forget_cascading, insertion
from LungCAD.saliency.grad_cam import SCORES, grad_cam

__all__ = ["SCORES", "Forgotten", "PixelCurve", "deletion", "forget_cascading", "grad_cam", "insertion"]
