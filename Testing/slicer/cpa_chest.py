"""A chest of ellipsoids with a ball in it, on any grid; and networks, set by hand, that see soft tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk
import torch
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.networks import VGG19
from LungCAD.tasks.cpa.back_projection import HEAT_SHAPE
from LungCAD.tasks.cpa_projections import ProjectionGrid, ProjectionVolume
from LungCAD.weights import ModelCard, NetworkDescription, save_network

CARD = ModelCard("soft tissue", "none", "none", True, "by hand", 0, "none")
LUNG_X, LUNG_AXES = 70.0, (50.0, 85.0, 125.0)
AXES = ("axial", "coronal", "sagittal")
OPTIONS = {"width": 1 / 64, "head": "average", "pools": 3}


def save_networks(folder, tasks=("fungus_ball",), axes=AXES, threshold=0.75, shares=False, **changes):
    """Write a VGG19 per task and direction, sure of it where soft tissue is above the threshold."""
    folder.mkdir(exist_ok=True)
    network, options = soft_tissue_network(threshold, shares)
    for task in tasks:
        for axis in axes:
            known = {
                "architecture": "vgg19",
                "schema": "cpa3",
                "classes": ("absent", "present"),
                "card": CARD,
                "options": options,
                "input": {"tasks": [task], "axis": axis, "judges": [task], "side": 112, "shares": shares},
            }
            path = folder / f"cpa-{task}-{axis}.safetensors"
            description = NetworkDescription(**{**known, **changes})
            save_network(network, description, path, overwrite=True)
    return folder


def soft_tissue_network(threshold, shares):
    """Return a network whose last maps are what soft tissue has above the threshold, 0..1; its options.

    shares : look at its share in the ray, the last of six channels, not its average, the last of three.
    """
    options = {**OPTIONS, "channels": 6 if shares else 3}
    network = VGG19(2, **options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, *others = [layer for layer in network.features if isinstance(layer, torch.nn.Conv2d)]
        first.weight[0, -1, 1, 1] = first.bias[0] = 0.5  # -1..1 to 0..1
        for layer in others:
            layer.weight[0, 0, 1, 1] = 1
        others[-1].bias[0] = -threshold
        for layer in network.classifier:
            if isinstance(layer, torch.nn.Linear):
                layer.weight[0, 0] = 1
        network.classifier[-1].weight[1, 0], network.classifier[-1].bias[1] = 6000, -6
    return network.eval(), options


def small_volume(ct, device="cpu"):
    """Stand in for `ProjectionVolume.of` with a quarter of the grid's voxels along each axis."""
    grid = ProjectionGrid.of(ct)
    grid = replace(grid, shape=HEAT_SHAPE)
    hu = grid.resample(ct)
    air = ndimage.binary_opening(((hu > -900) & (hu < -800)).numpy())  # not the body's surface
    if not air.any():
        raise InputError("The scan", "shows no lungs")
    return ProjectionVolume(grid, hu, torch.from_numpy(air) | (hu > 50))  # balls are denser than the body


def chest(
    balls=(),
    size=(64, 56, 48),
    spacing=(5.2, 4.4, 6.0),
    direction=(1, 0, 0, 0, 1, 0, 0, 0, 1),
    lungs=("right", "left"),
    radius=22.0,
    top=200.0,
    bottom=-200.0,
):
    """Return a CT whose middle is the origin of the patient's axes; balls are LPS positions in mm.

    Lungs reach from z = -125 to 125 mm; `top` and `bottom` cut the scan.
    """
    image = sitk.Image(size, sitk.sitkInt16)
    image.SetSpacing(spacing)
    image.SetDirection(direction)
    middle = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in size])
    image.SetOrigin([-v for v in middle])
    steps = np.reshape(direction, (3, 3)) * spacing
    index = np.stack(np.indices(size[::-1])[::-1])
    x, y, z = np.tensordot(steps, index, 1) + np.reshape(image.GetOrigin(), (3, 1, 1, 1))
    hu = np.full(x.shape, -1000.0)
    hu[(x / 150) ** 2 + (y / 115) ** 2 < 1] = 20
    for side, sign in (("right", -1), ("left", 1)):
        if side in lungs:
            a, b, c = LUNG_AXES
            hu[((x - sign * LUNG_X) / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1] = -850
    for ball in balls:
        hu[radius > np.linalg.norm(np.stack([x, y, z]).T - ball, axis=-1).T] = 220
    filled = sitk.GetImageFromArray(hu.astype(np.int16))
    filled.CopyInformation(image)
    slices = np.flatnonzero((z[:, 0, 0] <= top) & (z[:, 0, 0] >= bottom))
    return filled[:, :, int(slices[0]) : int(slices[-1]) + 1]
