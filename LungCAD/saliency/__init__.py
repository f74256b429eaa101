"""Where in an image a network saw what it says, and whether that can be believed."""

from LungCAD.saliency.grad_cam import SCORES, grad_cam

__all__ = ["SCORES", "grad_cam"]
