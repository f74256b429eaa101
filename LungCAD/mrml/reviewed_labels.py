"""The labels under review in the scene: read after every stroke, so without a copy where that is possible."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from numpy.typing import NDArray

from LungCAD.images import axial_axis, require_label
from LungCAD.labels import BACKGROUND, Schema, entry_identity
from LungCAD.mrml.geometry import as_array, node_to_world, set_geometry, volume_to_world
from LungCAD.mrml.segments import (
    LABELMAP,
    labels_array_in_steps,
    labels_in_steps,
    set_others_aside,
)
from LungCAD.mrml.volumes import array_view, blank_image, placed_voxels
from LungCAD.review import slices_first, slices_last
from LungCAD.steps import Steps, finish
from LungCAD.worker.image_files import array_image_in_steps

SAME = 1e-4
"""Matrices of voxels that lie on the same grid agree to so much."""


class ReviewedLabels:
    """Segments as a stack of slices (slices, rows, columns) uint8 on the grid of the volume, and back.

    node : the segmentation; its segments carry the terminology of the schema's labels, as `show_labels` makes
    them. volume : the scan; it may be moved meanwhile by a transform, together with the segmentation.
    backwards : whether the stack counts from the last slice that the volume stores (`Identity`).
    grid : size of the scan and order of its axes, as they were in the beginning.
    """

    def __init__(
        self,
        node: slicer.vtkMRMLSegmentationNode,
        volume: slicer.vtkMRMLVolumeNode,
        schema: Schema,
        backwards: bool = False,
    ) -> None:
        self.node, self.volume, self.schema = node, volume, schema
        self.grid, self._backwards = blank_image(volume), backwards

    @property
    def place(self) -> sitk.Image:
        """An image of one voxel that lies where the scan lies now; raises InputError as `placed_voxels`."""
        return placed_voxels(self.volume).place

    @property
    def has_layers(self) -> bool:
        """Whether segments may overlap."""
        return len(self._layers()) > 1

    def read(self, present: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the labels as they are painted now; possibly a view, to be compared before anything else.

        A voxel in two segments gets the label that it does not have in `present`: that of the last stroke.

        Raises
        ------
        InputError
            A segment that is no label of the schema holds voxels; segments do not lie on the scan's voxels.
        """
        layers = self._layers()
        if not all(self._on_grid(layer) for layer, _ in layers):
            painted = finish(labels_array_in_steps(self.node, self.volume, self.schema))
            return self.stack(painted)
        stacks = [self._stack(*layer) for layer in layers]
        if len(stacks) == 1:
            return stacks[0]
        merged = np.zeros_like(present)
        for stack in stacks:
            new = (stack != BACKGROUND) & ((merged == BACKGROUND) | (stack != present))
            merged[new] = stack[new]
        return merged

    def set_others_aside(self) -> tuple[str, ...]:
        """Move segments that are no labels to a node of their own; return their names."""
        return set_others_aside(self.node, self.schema)

    def stack(self, voxels: NDArray) -> NDArray:
        """Return a view (slices, rows, columns) of voxels (z, y, x) on the grid of the volume."""
        return slices_first(voxels[::-1] if self._backwards else voxels, self.grid)

    def voxels(self, stack: NDArray) -> NDArray:
        """Return a view (z, y, x) of a stack; undoes `stack`."""
        voxels = slices_last(stack, self.grid)
        return voxels[::-1] if self._backwards else voxels

    def index(self, number: int, row: int, column: int) -> tuple[int, int, int]:
        """Return the voxel (x, y, z) of the volume at a place of the stack."""
        index = [row, column]
        index.insert(2 - axial_axis(self.grid), number)
        z, y, x = index
        return x, y, self.grid.GetSize()[2] - 1 - z if self._backwards else z

    def write(self, stack: NDArray[np.uint8]) -> None:
        """Show these labels in the segments."""
        finish(self.write_in_steps(stack))

    def write_in_steps(self, stack: NDArray[np.uint8]) -> Steps[None]:
        """Do as `write`, yielding fractions; the scene changes in the last step only."""
        image = yield from self.image_in_steps(stack)
        yield from labels_in_steps(image, self.schema, self.volume, self.node)

    def image(self, stack: NDArray) -> sitk.Image:
        """Return a stack as an image on the grid of the volume."""
        return finish(self.image_in_steps(stack))

    def image_in_steps(self, stack: NDArray) -> Steps[sitk.Image]:
        """Do as `image`, yielding fractions."""
        image = yield from array_image_in_steps(self.voxels(stack))
        set_geometry(image, volume_to_world(self.volume))
        return image

    def _layers(self) -> list[tuple[slicer.vtkOrientedImageData, tuple[str, ...]]]:
        """Return each labelmap that holds voxels, with the IDs of the segments that share it."""
        segmentation = self.node.GetSegmentation()
        numbers = range(segmentation.GetNumberOfLayers(LABELMAP))
        layers = [(segmentation.GetLayerDataObject(n, LABELMAP), n) for n in numbers]
        return [
            (layer, segmentation.GetSegmentIDsForLayer(n, LABELMAP))
            for layer, n in layers
            if layer is not None and not layer.IsEmpty()
        ]

    def _on_grid(self, layer: slicer.vtkOrientedImageData) -> bool:
        """Tell whether the voxels of a layer are voxels of the volume."""
        own = vtk.vtkMatrix4x4()
        layer.GetImageToWorldMatrix(own)
        matrices = node_to_world(self.node) @ as_array(own), volume_to_world(self.volume)
        extent, size = layer.GetExtent(), self.grid.GetSize()
        inside = all(extent[2 * axis] >= 0 and extent[2 * axis + 1] < size[axis] for axis in range(3))
        return inside and np.allclose(*matrices, atol=SAME)

    def _stack(self, layer: slicer.vtkOrientedImageData, segments: tuple[str, ...]) -> NDArray[np.uint8]:
        """Return one layer as a stack of the whole volume, in values of the schema."""
        values, extent = self._in_schema(array_view(layer), segments), layer.GetExtent()
        whole, shape = values, self.grid.GetSize()[::-1]
        if values.shape != shape:
            whole = np.zeros(shape, np.uint8)
            whole[tuple(slice(extent[2 * axis], extent[2 * axis + 1] + 1) for axis in (2, 1, 0))] = values
        return self.stack(whole)

    def _in_schema(self, values: NDArray, segments: tuple[str, ...]) -> NDArray[np.uint8]:
        """Return a layer in values of the schema: itself, where the segments have these already."""
        translation = np.zeros(256, np.uint8)
        for identifier in segments:
            segment = self.node.GetSegmentation().GetSegment(identifier)
            identity = entry_identity(segment.GetTerminology())
            label = self.schema.find(identity, segment.GetName(), identifier)
            if label is None and (values == segment.GetLabelValue()).any():
                require_label(self.schema, identity, self.node.GetName(), segment.GetName())
            translation[segment.GetLabelValue()] = label.value if label else BACKGROUND
        known = translation.nonzero()[0]
        if values.dtype == np.uint8 and np.array_equal(translation[known], known):
            return values
        return translation[values]
