"""Reading labels: segmentation files and label maps, onto the grid of the image that they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.geometry import image_like
from LungCAD.images.label_maps import check_values, merge_labels, place_labels, require_label
from LungCAD.images.read_ct import as_volume
from LungCAD.images.segments import has_segments, layers_of, read_segments
from LungCAD.images.volume_file import read_image
from LungCAD.labels import Schema


def read_labels(path: Path | str, schema: Schema, reference: sitk.Image) -> sitk.Image:
    """Return the labels in a file as a uint8 label map on the grid of `reference`.

    A segmentation file (.seg.nrrd, of LungCAD or 3D Slicer) may cover only a part of the reference and hold
    overlapping segments; each is matched to a label of the schema by its terminology, else by its name or ID.
    Any other image is a label map whose values are those of the schema (its `ignore_value` included).
    Nothing is interpolated: the voxels of the file must lie on voxels of the reference.

    Raises
    ------
    InputError
        The file cannot be read, has another geometry, holds no labels, labels that the schema lacks, voxels
        of a value that none of its segments has, or a voxel in two segments of different labels.
    """
    path = Path(path)
    image = read_image(path)
    if has_segments(image):
        labels = _merge_segments(image, schema, path)
    else:
        labels = check_values(as_volume(image, path), schema, path)
    return place_labels(labels, reference, path)


def _merge_segments(image: sitk.Image, schema: Schema, path: Path) -> sitk.Image:
    layers = layers_of(image)
    merged = np.zeros(layers.shape[:3], dtype=np.uint8)
    for segment in read_segments(image, path):
        inside = layers[..., segment.layer] == segment.value
        if inside.any():
            label = require_label(schema, segment.identity, path, segment.name, segment.id)
            merge_labels(merged, np.where(inside, np.uint8(label.value), np.uint8(0)), schema, path)
    if not merged.any():
        raise InputError(path, "holds no labels: every segment is empty", "Draw at least one region")
    return image_like(merged, image)
