"""Lungs whose labels follow from their density, as the segmentation is given them."""

from __future__ import annotations

from LungCAD.tasks.ild_segmentation import IldSegmentationInputs, IldSegmentationParameters

CPU = IldSegmentationParameters(device="cpu")


def inputs(lungs, mask=True, **geometry):
    """Return the CT of `DenseLungs`, with its mask where wanted, in a geometry as its `image` takes it."""
    given = lungs.image(lungs.lungs, **geometry) if mask else None
    return IldSegmentationInputs(lungs.image(lungs.hu, **geometry), given)
