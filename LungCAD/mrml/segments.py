"""Segmentation nodes and label maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import merge_labels, overlap, refusing_other_grids, require_label
from LungCAD.labels import Label, Schema, entry_identity, terminology_entry
from LungCAD.mrml.geometry import as_array, node_to_world, volume_to_world
from LungCAD.mrml.nodes import add_node, place_beside, present_or_new
from LungCAD.mrml.volumes import allocate, array_view, image_at, matching_matrix, voxels_of
from LungCAD.steps import Steps, copy_in_chunks, finish, slabs

LABELS = "LungCAD.Labels"
"""Attribute of a node that labels were written to: the IDs of their segments."""

VOXELS = "LungCAD.Voxels"
"""Attribute of such a node: how many voxels each of these segments was given."""

OTHERS = "LungCAD.OtherSegments"
"""Role under which such a node refers to the one that took what somebody had added."""

LABELMAP = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def labels_from_segmentation(
    node: slicer.vtkMRMLSegmentationNode, reference_volume: slicer.vtkMRMLVolumeNode, schema: Schema
) -> sitk.Image:
    """Return the segments as a uint8 label map on the grid of the volume; all zero where nothing is drawn.

    Each segment is matched to a label of the schema by its terminology, else by its name or ID. Segments may
    share layers and cover a part of the volume; empty ones do not count. Nothing is interpolated: the voxels
    must lie on voxels of the volume, after the linear transforms above both nodes.

    Raises
    ------
    InputError
        A segment that is no label of the schema, lies on another grid or reaches beyond the volume; a voxel
        in two segments of different labels; surfaces without voxels; a transform that is not linear.
    """
    return image_at(reference_volume, finish(labels_array_in_steps(node, reference_volume, schema)))


def labels_array_in_steps(
    node: slicer.vtkMRMLSegmentationNode, reference_volume: slicer.vtkMRMLVolumeNode, schema: Schema
) -> Steps[NDArray[np.uint8]]:
    """Do as `labels_from_segmentation`, yielding fractions; return the values (z, y, x) alone."""
    subject = node.GetName()
    merged = np.zeros(voxels_of(reference_volume).shape, dtype=np.uint8)
    to_index = np.linalg.inv(volume_to_world(reference_volume)) @ node_to_world(node)
    layers = _layers(node)
    for number, (layer, segments) in enumerate(layers):
        values = yield from _values_in_steps(layer, segments, schema, subject)
        if not values.any():
            continue
        with refusing_other_grids(subject):
            box, covered = overlap(values, to_index @ _index_to_node(layer), merged.shape)
        target = merged[box]
        for part in slabs(target):
            merge_labels(target[part], covered[part], schema, subject)
            yield (number + part.stop / len(target)) / len(layers)
    return merged


def show_labels(
    image: sitk.Image,
    schema: Schema,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLSegmentationNode | None = None,
    name: str = "Labels",
) -> slicer.vtkMRMLSegmentationNode:
    """Show a uint8 label map as the segments of a new node, or of the given one.

    Every label of the schema becomes a segment with its name, colour and terminology, empty ones too; its ID
    is the label's code. In a given node they take the place of all labels that were there, but segments that
    stay keep how they are displayed; what somebody added besides goes to another node (`set_others_aside`).
    The image is copied. The segments lie exactly on the volume's voxels and under its transform. Observers of
    the node are told once.

    Raises
    ------
    InputError
        The volume no longer lies where the labels were computed.
    """
    return finish(labels_in_steps(image, schema, reference_volume, node, name))


def labels_in_steps(
    image: sitk.Image,
    schema: Schema,
    reference_volume: slicer.vtkMRMLVolumeNode,
    node: slicer.vtkMRMLSegmentationNode | None = None,
    name: str = "Labels",
) -> Steps[slicer.vtkMRMLSegmentationNode]:
    """Do as `show_labels`, yielding fractions; the scene changes in the last step only."""
    source = sitk.GetArrayViewFromImage(image)
    data = slicer.vtkOrientedImageData()
    yield from copy_in_chunks(source, allocate(data, source.shape, np.dtype(np.uint8)))
    counts = np.zeros(256, np.int64)
    for part in slabs(source):
        counts += np.bincount(source[part].ravel(), minlength=256)
        yield 1.0
    data.SetImageToWorldMatrix(matching_matrix(image, reference_volume))
    node = present_or_new(node, "vtkMRMLSegmentationNode", name)
    with slicer.util.NodeModify(node):
        place_beside(node, reference_volume)
        node.SetReferenceImageGeometryParameterFromVolumeNode(reference_volume)
        node.GetSegmentation().SetSourceRepresentationName(LABELMAP)
        set_others_aside(node, schema)
        _keep_segments(node.GetSegmentation(), schema)
        _remember(node, schema, [counts[label.value] for label in schema.labels])
        for label in schema.labels:
            _show(label, data, node.GetSegmentation())
        data.Modified()  # surfaces that were made of the labels before are dropped
        node.CreateDefaultDisplayNodes()
    return node


def remember_labels(node: slicer.vtkMRMLSegmentationNode, schema: Schema, labels: NDArray[np.uint8]) -> None:
    """Take what was painted until now, `labels`, for written to the node: it is kept elsewhere."""
    _remember(node, schema, [np.count_nonzero(labels == label.value) for label in schema.labels])


def were_painted_since(node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Tell whether segments hold more or fewer voxels than the labels that were last written to the node.

    A segment that was added holds more, whatever its name.
    """
    identifiers, counts = ((node.GetAttribute(name) or "").split() for name in (LABELS, VOXELS))
    segmentation = node.GetSegmentation()
    added = [each for each in segmentation.GetSegmentIDs() if each not in identifiers]
    if any(_holds_anything(segmentation.GetSegment(each)) for each in added):
        return True
    segments = [segmentation.GetSegment(each) for each in identifiers]
    written = zip(segments, counts, strict=False)  # scenes of earlier versions tell no counts
    return any(segment is None or _voxels(segment) != int(count) for segment, count in written)


def _remember(node: slicer.vtkMRMLSegmentationNode, schema: Schema, voxels: Sequence[int]) -> None:
    node.SetAttribute(LABELS, " ".join(schema.codes))
    node.SetAttribute(VOXELS, " ".join(map(str, voxels)))


def _voxels(segment: slicer.vtkSegment) -> int:
    layer = segment.GetRepresentation(LABELMAP)
    if layer is None or layer.IsEmpty():
        return 0
    return int(np.count_nonzero(array_view(layer) == segment.GetLabelValue()))


def new_roi_segmentation(
    schema: Schema, volume: slicer.vtkMRMLVolumeNode, name: str | None = None
) -> slicer.vtkMRMLSegmentationNode:
    """Return a new node with one empty segment per label of the schema, ready to paint on the volume."""
    node = add_node("vtkMRMLSegmentationNode", name or f"{volume.GetName()} drawn regions")
    with slicer.util.NodeModify(node):
        place_beside(node, volume)
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        for label in schema.labels:
            node.GetSegmentation().AddEmptySegment(label.code, label.name)
            _describe(node.GetSegmentation().GetSegment(label.code), label)
        node.CreateDefaultDisplayNodes()
    return node


def set_others_aside(node: slicer.vtkMRMLSegmentationNode, schema: Schema) -> tuple[str, ...]:
    """Move what somebody added to a node of labels to a node of its own, before labels are written.

    Segments that are no labels, neither of the schema nor of the one before, and hold anything. The node that
    takes them is found by the role `OTHERS`.

    Returns
    -------
    The names of the segments.
    """
    segmentation = node.GetSegmentation()
    known = {*schema.codes, *(node.GetAttribute(LABELS) or "").split()}
    strange = []
    for identifier in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(identifier)
        label = schema.find(entry_identity(segment.GetTerminology()), segment.GetName(), identifier)
        if identifier not in known and label is None and _holds_anything(segment):
            strange.append(identifier)
    names = tuple(segmentation.GetSegment(identifier).GetName() for identifier in strange)
    if strange:
        others = node.GetNodeReference(OTHERS)
        if others is None:
            others = add_node("vtkMRMLSegmentationNode", f"{node.GetName()}, other segments")
            others.CreateDefaultDisplayNodes()
            node.SetNodeReferenceID(OTHERS, others.GetID())
        place_beside(others, node)
        scan = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        if scan is not None:
            others.SetReferenceImageGeometryParameterFromVolumeNode(scan)
        for identifier in strange:
            _move(segmentation, identifier, others.GetSegmentation())
    return names


def _move(source: slicer.vtkSegmentation, identifier: str, target: slicer.vtkSegmentation) -> None:
    """Move a segment; where the target has one of this ID already, it gets another ID."""
    copy = slicer.vtkSegment()
    copy.DeepCopy(source.GetSegment(identifier))
    voxels = copy.GetRepresentation(LABELMAP)
    if voxels is not None:  # the copy has those of all segments that share the memory
        array = array_view(voxels)
        array[...] = array == copy.GetLabelValue()
        copy.SetLabelValue(1)
        voxels.Modified()
    target.AddSegment(copy, target.GenerateUniqueSegmentID(identifier))
    source.RemoveSegment(identifier)


def _holds_anything(segment: slicer.vtkSegment) -> bool:
    voxels = segment.GetRepresentation(LABELMAP)
    if voxels is None:
        return segment.GetNumberOfRepresentations() > 0
    return _voxels(segment) > 0


def _show(label: Label, data: slicer.vtkOrientedImageData, segmentation: slicer.vtkSegmentation) -> None:
    segment = segmentation.GetSegment(label.code) or slicer.vtkSegment()
    _describe(segment, label)
    segment.SetLabelValue(label.value)
    segment.AddRepresentation(LABELMAP, data)
    if segmentation.GetSegment(label.code) is None:
        segmentation.AddSegment(segment, label.code)


def _describe(segment: slicer.vtkSegment, label: Label) -> None:
    segment.SetName(label.name)
    segment.SetNameAutoGenerated(False)
    segment.SetColor([channel / 255 for channel in label.color])
    segment.SetColorAutoGenerated(False)
    if label.terminology:
        segment.SetTerminology(terminology_entry(label.terminology))
    else:
        segment.RemoveTag(segment.GetTerminologyEntryTagName())


def _keep_segments(segmentation: slicer.vtkSegmentation, schema: Schema) -> None:
    """Remove the segments that no label of the schema has as its code."""
    for identifier in segmentation.GetSegmentIDs():
        if identifier not in schema.codes:
            segmentation.RemoveSegment(identifier)


def _layers(
    node: slicer.vtkMRMLSegmentationNode,
) -> list[tuple[slicer.vtkOrientedImageData, list[tuple[str, slicer.vtkSegment]]]]:
    """Return each labelmap that holds voxels, with the IDs and segments that share it."""
    segmentation = node.GetSegmentation()
    if segmentation.GetNumberOfSegments() and not segmentation.ContainsRepresentation(LABELMAP):
        remedy = "In the module Segmentations, under Representations, create the binary labelmap"
        raise InputError(node.GetName(), "holds surfaces but no voxels", remedy)
    layers = []
    for number in range(segmentation.GetNumberOfLayers(LABELMAP)):
        layer = segmentation.GetLayerDataObject(number, LABELMAP)
        if layer is not None and not layer.IsEmpty():
            identifiers = segmentation.GetSegmentIDsForLayer(number, LABELMAP)
            layers.append((layer, [(each, segmentation.GetSegment(each)) for each in identifiers]))
    return layers


def _values_in_steps(
    layer: slicer.vtkOrientedImageData,
    segments: list[tuple[str, slicer.vtkSegment]],
    schema: Schema,
    subject: str,
) -> Steps[NDArray[np.uint8]]:
    """Return the layer (z, y, x) with the schema's values in the place of the segments' own."""
    array = array_view(layer)
    translation = np.zeros(int(array.max()) + 1, dtype=np.uint8)
    for identifier, segment in segments:
        value, name = segment.GetLabelValue(), segment.GetName()
        label = schema.find(entry_identity(segment.GetTerminology()), name, identifier)
        if label is not None:
            translation[value : value + 1] = label.value
        elif (array == value).any():
            require_label(schema, None, subject, name)
    values = np.empty(array.shape, dtype=np.uint8)
    for part in slabs(array):
        values[part] = translation[array[part]]
        yield 0.0
    return values


def _index_to_node(data: slicer.vtkOrientedImageData) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from array index (x, y, z), whose 0 is where the extent starts, to RAS."""
    matrix = vtk.vtkMatrix4x4()
    data.GetImageToWorldMatrix(matrix)
    start = np.eye(4)
    start[:3, 3] = data.GetExtent()[::2]
    return as_array(matrix) @ start
