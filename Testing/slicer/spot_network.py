"""A detection network that sees nothing but spots, bright ones and airy ones, and scans to try it on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.weights import ModelCard, NetworkDescription, save_network

CODES = ("ground_glass", "emphysema")
"""What stands for a bright spot and for an airy one."""

BRIGHT_HU, AIRY_HU = 230, -1024
PIXEL_MM = 2.2


def save_spot_network(path: Path, threshold: float = 0.5, scan_offset: float = 0.0) -> Path:
    """Write a CNN-F whose outputs rise with the size of bright (> 100 HU) and airy (< -1012 HU) spots.

    threshold : of slices. scan_offset : log odds that the highest slice must have, for a scan to be likely.
    """
    import torch

    from LungCAD.networks.cnn_f import CNNF
    from LungCAD.tasks.detection_input import Decision, DetectionInput

    decision = Decision(threshold=threshold, scan_offset=scan_offset, scan_threshold=0.5)
    options = {"width": 1 / 32, "dense": 2}
    network = CNNF(2, **options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        features, classifier = network.features, network.classifier
        features.conv1.weight[0, 2], features.conv1.bias[0] = 1 / 121, -0.3  # high attenuation
        features.conv1.weight[1, 0], features.conv1.bias[1] = -5 / 121, 5 * 0.72  # low attenuation
        for output in (0, 1):
            features.conv2.weight[output, output, 2, 2] = 1
            for layer in (features.conv3, features.conv4, features.conv5):
                layer.weight[output, output, 1, 1] = 1
            classifier.fc6.weight[output, 36 * output : 36 * (output + 1)] = 1
            classifier.fc7.weight[output, output] = 1
            classifier.fc8.weight[output, output] = 40
        classifier.fc8.bias[:] = -4
    description = NetworkDescription(
        architecture="cnn_f",
        schema="ltrc5",
        classes=CODES,
        card=ModelCard("Spots", "none", "none", True, "by hand", 0, "none"),
        options=options,
        input={
            **DetectionInput().as_plain(),
            "decisions": [dataclasses.asdict(decision)] * 2,
        },
    )
    save_network(network, description, path)
    return path


def chest(
    spots: dict[str, tuple[range, tuple[int, int]]], slices: int = 24, spacing_mm: float = 5.0
) -> NDArray[np.int16]:
    """Return HU (z, y, x), feet first, 160 x 160 pixels of 2.2 mm; the middle half of the slices shows lungs.

    spots : by code, on which slices, and row and column of the middle; 33 mm wide.
    """
    z, y, x = np.ogrid[:slices, :160, :160]
    hu = np.full((slices, 160, 160), -1000, np.int16)
    hu[np.broadcast_to(((y - 80) / 48) ** 2 + ((x - 80) / 70) ** 2 < 1, hu.shape)] = 40
    height = (slices - 1) / 2
    for middle in (50, 110):
        lung = ((y - 80) / 36) ** 2 + ((x - middle) / 22) ** 2 + 0 * z < 1
        hu[lung & (np.abs(z - height) <= slices / 4)] = -850
    for code, (where, (row, column)) in spots.items():
        spot = (y - row) ** 2 + (x - column) ** 2 < 7.5**2
        hu[where.start : where.stop, spot[0]] = BRIGHT_HU if code == CODES[0] else AIRY_HU
    return hu


def chest_image(hu: NDArray[np.int16], spacing_mm: float = 5.0) -> sitk.Image:
    """Return the array as an image in the axial order, away from the origin."""
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((PIXEL_MM, PIXEL_MM, spacing_mm))
    image.SetOrigin((-170.0, -160.0, 300.0))
    return image
