"""Local contrast normalisation at the input of a network."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import conv2d, pad

FORMS = ("divisive", "jarrett", "none")

WIDTH_PX = 9
"""Of the Gaussian window, as in Jarrett et al."""

SIGMA_PX = WIDTH_PX / 6

FLOOR = 0.05
"""Contrast (of an image in 0..1) below which nothing is amplified: noise in a flat background stays small."""

ROUNDING = 1e-4
"""A contrast that small is that of a flat image in single precision, not to be divided by."""


class ContrastNormalization(nn.Module):
    """Divide what differs from the local mean by the local contrast; no parameters to learn.

    With G a Gaussian window of weight 1 and v = x - G*x:

    * "divisive" (Lyu & Simoncelli, CVPR 2008, eq. 1): v / sqrt(b^2 + G*v^2), b = `FLOOR`;
    * "jarrett" (Jarrett et al., ICCV 2009, section 2.1): v / max(c, s), s = sqrt(G*v^2), c the mean of s over
      the image;
    * "none": x itself.

    Beyond the border the image goes on as its mirror image.
    """

    def __init__(self, form: str = "divisive") -> None:
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form is {form!r}, not one of {', '.join(FORMS)}")
        self.form = form
        offsets = torch.arange(WIDTH_PX) - WIDTH_PX // 2
        window = torch.exp(-(offsets**2) / (2 * SIGMA_PX**2))
        self.register_buffer("window", window / window.sum(), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return images (N, C, Y, X), each side at least 5, normalised channel by channel."""
        if self.form == "none":
            return images
        difference = images - self._mean(images)
        contrast = self._mean(difference**2)
        if self.form == "divisive":
            return difference / (contrast + FLOOR**2).sqrt()
        contrast = contrast.sqrt()
        least = contrast.mean((-2, -1), keepdim=True).clamp_min(ROUNDING)
        return difference / torch.maximum(contrast, least)

    def _mean(self, images: torch.Tensor) -> torch.Tensor:
        """Return the Gaussian mean around every pixel, one axis after the other."""
        reach, shape = WIDTH_PX // 2, images.shape
        planes = pad(images.flatten(0, 1)[:, None], [reach] * 4, mode="reflect")
        window = self.window.to(planes.dtype)
        means = conv2d(conv2d(planes, window[None, None, None]), window[None, None, :, None])
        return means.reshape(shape)
