"""What every source of labels must hold: values of the schema, on the image's voxels, one label per voxel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import image_like, place_on_grid
from LungCAD.labels import BACKGROUND, Label, Schema


def check_values(image: sitk.Image, schema: Schema, subject: object) -> sitk.Image:
    """Return a label map as uint8.

    Raises
    ------
    InputError
        It holds values that the schema lacks (but its `ignore_value`), or none; the error names `subject`.
    """
    array = sitk.GetArrayViewFromImage(image)
    known = {BACKGROUND, *schema.values, schema.ignore_value}
    unknown = sorted({float(value) for value in np.unique(array)} - known)
    if unknown:
        listed = ", ".join(f"{value:g}" for value in unknown[:5]) + (" ..." if len(unknown) > 5 else "")
        raise InputError(
            subject, f"holds values that the schema {schema.name} lacks ({listed})", _expected(schema)
        )
    if not array.any():
        raise InputError(subject, "holds no labels: every voxel is 0", "Draw at least one region")
    return image_like(array.astype(np.uint8), image)


def require_label(
    schema: Schema, identity: tuple[tuple[str, str], ...] | None, subject: object, *names: str
) -> Label:
    """Return the label that a segment or region stands for, as `Schema.find`.

    Raises
    ------
    InputError
        There is none; the error has the first of `names`.
    """
    label = schema.find(identity, *names)
    if label is None:
        problem = f'holds a segment "{names[0]}" that the schema {schema.name} lacks'
        raise InputError(subject, problem, _expected(schema))
    return label


def merge_labels(
    target: NDArray[np.uint8], values: NDArray[np.uint8], schema: Schema, subject: object
) -> None:
    """Write the `values` other than 0 into `target`, which has the same shape.

    Raises
    ------
    InputError
        A voxel would have two different labels; the error names both.
    """
    clash = (target != BACKGROUND) & (values != BACKGROUND) & (target != values)
    if clash.any():
        first, second = target[clash][0], values[clash][0]
        count = np.count_nonzero(clash & (target == first) & (values == second))
        names = " and ".join(_name(value, schema) for value in (first, second))
        raise InputError(
            subject, f"has {count} voxels that are both {names}", "Take them away from one of the two"
        )
    np.copyto(target, values, where=values != BACKGROUND)


def place_labels(labels: sitk.Image, reference: sitk.Image, subject: object) -> sitk.Image:
    """Return the label map on the grid of `reference`, as `place_on_grid`; nothing is interpolated.

    Raises
    ------
    InputError
        The voxels do not coincide, or labels lie outside the reference; the error names `subject`.
    """
    with refusing_other_grids(subject):
        return place_on_grid(labels, reference)


@contextmanager
def refusing_other_grids(subject: object) -> Iterator[None]:
    """Turn the ValueError of `place_on_grid` and `overlap` into an InputError that names `subject`."""
    try:
        yield
    except ValueError as error:
        raise InputError(
            subject,
            f"has another geometry than the image it belongs to ({str(error).removeprefix('image: ')})",
            "Give the labels that were drawn on this image, not resampled",
        ) from error


def _name(value: int, schema: Schema) -> str:
    return "ignored" if value == schema.ignore_value else schema.by_value(int(value)).name


def _expected(schema: Schema) -> str:
    return "It has " + ", ".join(f"{label.value} {label.name}" for label in schema.labels)
