"""Drawn regions, from whatever a reader drew them with, on the voxels of the volume."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import SimpleITK as sitk
import slicer
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import check_values, merge_labels, place_labels
from LungCAD.labels import Label, Schema
from LungCAD.mrml.boxes import voxels_in_box
from LungCAD.mrml.curves import voxels_in_curve
from LungCAD.mrml.geometry import volume_to_world
from LungCAD.mrml.segments import labels_array_in_steps
from LungCAD.mrml.volumes import blank_image, image_at_in_steps, image_in_steps, voxels_of
from LungCAD.steps import Steps, finish, slabs

LABEL_ATTRIBUTE = "LungCAD.Label"
"""A curve or box may carry the code of its label under this name; else its own name says what it is."""


def rois_from(
    nodes: Iterable[slicer.vtkMRMLNode], reference_volume: slicer.vtkMRMLVolumeNode, schema: Schema
) -> sitk.Image:
    """Return everything that was drawn as one uint8 label map on the grid of the volume.

    Segmentations, label map volumes, closed curves and ROI boxes may be mixed. A curve fills the pixels whose
    centres it encloses, on the slice of the volume that it lies in, along whichever axis; a box fills the
    voxels whose centres lie in it. Both are of the label whose code is their attribute `LABEL_ATTRIBUTE`, or
    whose name or code is their own name; a number may follow, as in "Fibrosis 2". All zero where nothing is
    drawn.

    Raises
    ------
    InputError
        A region is of no label of the schema, does not fit the volume or holds no voxel; a curve lies in no
        single slice; regions of different labels overlap.
    """
    return finish(rois_in_steps(nodes, reference_volume, schema))


def rois_in_steps(
    nodes: Iterable[slicer.vtkMRMLNode], reference_volume: slicer.vtkMRMLVolumeNode, schema: Schema
) -> Steps[sitk.Image]:
    """Do as `rois_from`, yielding fractions."""
    nodes = list(nodes)
    merged = np.zeros(voxels_of(reference_volume).shape, dtype=np.uint8)
    for number, node in enumerate(nodes):
        drawn = yield from _drawn_in_steps(node, reference_volume, schema)
        for part in slabs(merged):
            merge_labels(merged[part], drawn[part], schema, node.GetName())
            yield (number + part.stop / len(merged)) / len(nodes)
    return (yield from image_at_in_steps(reference_volume, merged))


def _drawn_in_steps(
    node: slicer.vtkMRMLNode, volume: slicer.vtkMRMLVolumeNode, schema: Schema
) -> Steps[NDArray[np.uint8]]:
    if isinstance(node, slicer.vtkMRMLSegmentationNode):
        return (yield from labels_array_in_steps(node, volume, schema))
    if isinstance(node, slicer.vtkMRMLLabelMapVolumeNode):
        labels = check_values((yield from image_in_steps(node)), schema, node.GetName())
        return sitk.GetArrayFromImage(place_labels(labels, blank_image(volume), node.GetName()))
    if isinstance(node, slicer.vtkMRMLMarkupsClosedCurveNode):
        return voxels_in_curve(node, voxels_of(volume).shape, volume_to_world(volume)) * np.uint8(
            _label_of(node, schema).value
        )
    if isinstance(node, slicer.vtkMRMLMarkupsROINode):
        return voxels_in_box(node, voxels_of(volume).shape, volume_to_world(volume)) * np.uint8(
            _label_of(node, schema).value
        )
    raise InputError(
        node.GetName(), "is nothing that regions are drawn with", "Draw segments, closed curves or ROI boxes"
    )


def _label_of(node: slicer.vtkMRMLMarkupsNode, schema: Schema) -> Label:
    name = node.GetName()
    without_number = re.sub(r"[\s_-]*\d+$", "", name)
    label = schema.find(None, node.GetAttribute(LABEL_ATTRIBUTE) or name) or schema.find(None, without_number)
    if label is None:
        raise InputError(
            name,
            f"is named after no label of the schema {schema.name}",
            f"Rename it to one of {', '.join(label.name for label in schema.labels)}; a number may follow",
        )
    return label
