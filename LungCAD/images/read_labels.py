"""Reading labels: segmentation files and label maps, onto the grid of the image that they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import image_like, place_on_grid
from LungCAD.images.read_ct import as_volume
from LungCAD.images.segments import Segment, has_segments, read_segments
from LungCAD.images.volume_file import read_image
from LungCAD.labels import BACKGROUND, Label, Schema


def read_labels(path: Path | str, schema: Schema, reference: sitk.Image) -> sitk.Image:
    """Return the labels in a file as a uint8 label map on the grid of `reference`.

    A segmentation file (.seg.nrrd, of LungCAD or 3D Slicer) may cover only a part of the reference and hold
    overlapping segments; each is matched to a label of the schema by its terminology, else by its name or ID.
    Any other image is a label map whose values are those of the schema (its `ignore_value` included).
    Nothing is interpolated: the voxels of the file must lie on voxels of the reference.

    Raises
    ------
    InputError
        The file cannot be read, has another geometry, holds no labels, labels that the schema lacks, or a
        voxel in two segments of different labels.
    """
    path = Path(path)
    image = read_image(path)
    if has_segments(image):
        labels = _merge_segments(image, schema, path)
    else:
        labels = _check_values(as_volume(image, path), schema, path)
    try:
        return place_on_grid(labels, reference)
    except ValueError as error:
        raise InputError(
            path,
            f"has another geometry than the image it belongs to ({str(error).removeprefix('image: ')})",
            "Give the labels that were drawn on this image, not resampled",
        ) from error


def _check_values(image: sitk.Image, schema: Schema, path: Path) -> sitk.Image:
    array = sitk.GetArrayViewFromImage(image)
    known = {BACKGROUND, *schema.values, schema.ignore_value}
    unknown = sorted({float(value) for value in np.unique(array)} - known)
    if unknown:
        listed = ", ".join(f"{value:g}" for value in unknown[:5]) + (" ..." if len(unknown) > 5 else "")
        raise InputError(
            path, f"holds values that the schema {schema.name} lacks ({listed})", _expected(schema)
        )
    if not array.any():
        raise InputError(path, "holds no labels: every voxel is 0", "Draw at least one region")
    return image_like(array.astype(np.uint8), image)


def _merge_segments(image: sitk.Image, schema: Schema, path: Path) -> sitk.Image:
    array = sitk.GetArrayViewFromImage(image)
    layers = array if array.ndim == 4 else array[..., None]
    merged = np.zeros(layers.shape[:3], dtype=np.uint8)
    for segment in read_segments(image):
        inside = layers[..., segment.layer] == segment.value
        if inside.any():
            _add(merged, inside, _label_of(segment, schema, path), schema, path)
    if not merged.any():
        raise InputError(path, "holds no labels: every segment is empty", "Draw at least one region")
    return image_like(merged, image)


def _add(
    merged: NDArray[np.uint8], inside: NDArray[np.bool_], label: Label, schema: Schema, path: Path
) -> None:
    taken = merged[inside]
    clash = taken[(taken != BACKGROUND) & (taken != label.value)]
    if clash.size:
        other = schema.by_value(int(clash[0]))
        raise InputError(
            path,
            f"has {clash.size} voxels that are both {other.name} and {label.name}",
            "Take them away from one of the two segments",
        )
    merged[inside] = label.value


def _label_of(segment: Segment, schema: Schema, path: Path) -> Label:
    for label in schema.labels:
        if label.terminology and segment.identity == label.terminology.identity:
            return label
    for label in schema.labels:
        if {segment.name.strip().lower(), segment.id.lower()} & {label.name.lower(), label.code}:
            return label
    raise InputError(
        path,
        f'holds a segment "{segment.name}" that the schema {schema.name} lacks',
        _expected(schema),
    )


def _expected(schema: Schema) -> str:
    return "It has " + ", ".join(f"{label.value} {label.name}" for label in schema.labels)
