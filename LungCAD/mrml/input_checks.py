"""What is wrong with a chosen node, found in a moment: while somebody draws, after every stroke.

The job checks everything again, and thoroughly; these say the usual things before anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.errors import InputError
from LungCAD.images import require_hu, require_label
from LungCAD.labels import Label, Schema, entry_identity
from LungCAD.mrml.rois import rois_from
from LungCAD.mrml.segments import LABELMAP
from LungCAD.mrml.volumes import array_view, image_at, voxels_of

SAMPLES_PER_AXIS = 100
"""Voxels looked at along each axis: enough to tell Hounsfield units from anything else."""


def check_ct(volume: slicer.vtkMRMLVolumeNode) -> None:
    """Raise InputError where the volume is empty, lies askew or does not look like Hounsfield units."""
    voxels = voxels_of(volume)
    image_at(volume, voxels[:1, :1, :1])
    steps = tuple(slice(None, None, max(size // SAMPLES_PER_AXIS, 1)) for size in voxels.shape)
    require_hu(voxels[steps], volume.GetName())


def drawn_labels(node: slicer.vtkMRMLNode, volume: slicer.vtkMRMLVolumeNode, schema: Schema) -> set[Label]:
    """Return the labels of which anything is drawn.

    Raises
    ------
    InputError
        Something is drawn that is no label of the schema; a label map does not fit the volume.
    """
    if isinstance(node, slicer.vtkMRMLSegmentationNode):
        return set(_drawn_segments(node, schema))
    values = np.unique(sitk.GetArrayFromImage(rois_from([node], volume, schema)))
    return {label for label in schema.labels if label.value in values}


def check_drawn(
    node: slicer.vtkMRMLNode, volume: slicer.vtkMRMLVolumeNode, schema: Schema, classes: int
) -> None:
    """Raise InputError unless regions of at least so many classes of the schema are drawn."""
    drawn = drawn_labels(node, volume, schema)
    if len(drawn) >= classes:
        return
    if drawn:
        (label,) = drawn
        raise InputError(
            node.GetName(), f"shows only one class, {label.name}", "Draw a region of a second one"
        )
    raise InputError(node.GetName(), "is empty", "Draw a small region of every class that you see")


def _drawn_segments(node: slicer.vtkMRMLSegmentationNode, schema: Schema) -> Iterator[Label]:
    segmentation = node.GetSegmentation()
    for identifier in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(identifier)
        voxels = segment.GetRepresentation(LABELMAP)
        if voxels is None or voxels.IsEmpty() or not (array_view(voxels) == segment.GetLabelValue()).any():
            continue
        names = segment.GetName(), identifier
        yield require_label(schema, entry_identity(segment.GetTerminology()), node.GetName(), *names)
